"""What was written and is not confirmed: confirmed in order, refused once, dropped with what is in doubt."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from peerbus.actors.mailbox.envelope import NEVER
from peerbus.transports.lanes.batch import Batch, Outgoing
from peerbus.transports.lanes.item import Item
from peerbus.transports.lanes.unconfirmed import Unconfirmed


def tells(*names: str) -> Batch:
    batch = Batch.of_tells(0.0)
    for name in names:
        batch.items.append(Item(1, 0, name.encode()))
        batch.messages.append(name)
        batch.room -= len(name) + 24
    return batch


def ask(name: str) -> Batch:
    return Batch.of_ask(Outgoing(name, None, None, NEVER, None, len(name), None, NEVER, 1, 0, name.encode()), 0.0)


def of(*batches: Batch) -> Unconfirmed:
    unconfirmed = Unconfirmed()
    for batch in batches:
        unconfirmed.add(batch)
    return unconfirmed


def names(left: list[Outgoing]) -> list[object]:
    return [outgoing.message for outgoing in left]


def test_it_counts_messages_and_the_bytes_of_their_payloads() -> None:
    unconfirmed = Unconfirmed()
    assert not unconfirmed
    unconfirmed.add(tells("one", "three"))
    unconfirmed.add(ask("seven"))
    assert unconfirmed
    assert (unconfirmed.messages, unconfirmed.bytes, unconfirmed.tells, unconfirmed.pending) == (3, 13, 2, 3)


def test_credit_confirms_the_oldest_across_batches() -> None:
    unconfirmed = of(tells("a", "b"), ask("c"), tells("d", "e"))
    assert unconfirmed.confirm(4, 4) == 4
    assert names(unconfirmed.drop()) == ["e"]
    assert not unconfirmed
    assert (unconfirmed.messages, unconfirmed.bytes) == (0, 0)


def test_a_refused_tell_counts_once_and_is_not_delivered_when_its_credit_comes() -> None:
    unconfirmed = of(tells("a", "b", "c"), tells("d"))
    assert unconfirmed.refuse(1, 1) == (["b"], 0)
    assert unconfirmed.refuse(1, 1) == ([], 0), "again"
    assert unconfirmed.refuse(3, 1) == (["d"], 0)
    assert unconfirmed.pending == 2
    assert unconfirmed.confirm(2, 2) == 1
    assert unconfirmed.pending == 1
    assert unconfirmed.confirm(2, 2) == 1
    assert unconfirmed.pending == 0


def test_what_credit_has_confirmed_cannot_be_refused_here() -> None:
    unconfirmed = of(tells("a"), tells("b"))
    unconfirmed.confirm(1, 1)
    assert unconfirmed.refuse(0, 1) == ([], 1)
    assert names(unconfirmed.drop()) == ["b"]


def test_what_is_in_doubt_leaves_out_what_was_refused() -> None:
    unconfirmed = of(tells("a", "b"), ask("c"))
    unconfirmed.refuse(0, 1)
    assert names(unconfirmed.drop()) == ["b", "c"]


@given(st.data())
def test_a_run_is_refused_as_its_messages_would_be_one_by_one(data: st.DataObject) -> None:
    def made() -> Unconfirmed:
        return of(tells("a", "b", "c"), ask("x"), tells("d"), tells("e", "f"))

    together, singly = made(), made()
    confirmed = data.draw(st.integers(0, 7))
    for each in (together, singly):
        each.confirm(confirmed, confirmed)
    for first, count in data.draw(st.lists(st.tuples(st.integers(0, 8), st.integers(1, 2**32 - 1)), max_size=3)):
        found, gone = together.refuse(first, count)
        one_by_one = [singly.refuse(sequence, 1) for sequence in range(first, min(first + count, 9))]
        assert found == [message for some, _ in one_by_one for message in some]
        assert gone == sum(number for _, number in one_by_one)
        assert together.pending == singly.pending
