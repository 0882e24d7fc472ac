"""The mailbox: bounds, policies, waiters, the foreign door, the ledger."""

from __future__ import annotations

import pytest
from mailboxes import Sender, balanced, box, taken
from pykka.messages import _ActorStop

from peerbus.actors import ActorStopped, MailboxFull, Overflow
from peerbus.actors.mailbox.envelope import Envelope
from peerbus.actors.mailbox.mailbox import Mailbox
from peerbus.actors.sends import ReplyFuture


class Lane:
    """A carrier that counts what left."""

    def __init__(self) -> None:
        self.left = 0

    def dequeued(self, messages: int, size: int) -> None:
        self.left += messages


def test_wait_says_that_there_is_no_room_and_admits_in_order() -> None:
    inbox, _ = box()
    assert inbox.offer(Envelope(1))
    assert inbox.offer(Envelope(2))
    assert not inbox.offer(Envelope(3))
    senders = [Sender(Envelope(i)) for i in (3, 4)]
    for sender in senders:
        inbox.wait(sender)
    assert inbox.statistics().waiting == 2
    assert balanced(inbox)
    assert taken(inbox) == [1, 2, 3, 4]
    assert [sender.told for sender in senders] == ["admitted"] * 2
    assert balanced(inbox)


def test_who_begins_to_wait_late_takes_no_room_that_another_thread_was_told_of() -> None:
    inbox, _ = box(limit=2)
    assert inbox.offer(Envelope(1))
    assert inbox.offer(Envelope(2))
    assert not inbox.offer(Envelope(5))
    assert [inbox.take(), inbox.take()] != [None, None]
    assert inbox.offer_foreign(Envelope(3))
    assert inbox.offer_foreign(Envelope(4))  # the owner has not looked yet
    late = Sender(Envelope(5))
    inbox.wait(late)
    assert late.told is None
    assert inbox.statistics().queued == 2
    assert taken(inbox) == [3, 4, 5]
    assert late.told == "admitted"


def test_what_a_thread_puts_behind_a_sender_that_waits_does_not_overtake_it() -> None:
    inbox, _ = box(limit=2)
    assert inbox.offer_foreign(Envelope(1))
    assert inbox.offer_foreign(Envelope(2))
    assert taken(inbox) == [1, 2]
    assert inbox.offer(Envelope(3))
    assert inbox.offer(Envelope(4))
    assert not inbox.offer_foreign(Envelope(5))
    fifth, sixth = Sender(Envelope(5)), Sender(Envelope(6))
    assert taken(inbox) == [3, 4]
    inbox.put_foreign(fifth)  # there is room by now, and the owner has not looked yet
    assert not inbox.offer_foreign(Envelope(6))
    inbox.put_foreign(sixth)
    assert taken(inbox) == [5, 6]
    assert (fifth.told, sixth.told) == ("admitted", "admitted")
    assert inbox.offer_foreign(Envelope(7))
    assert taken(inbox) == [7]


def test_who_waits_goes_before_who_comes_later() -> None:
    inbox, _ = box()
    for i in (1, 2):
        inbox.offer(Envelope(i))
    inbox.wait(Sender(Envelope(3)))
    inbox.take()
    assert not inbox.offer(Envelope(4))


def test_a_mailbox_that_is_widened_admits_who_waits_and_one_that_is_narrowed_takes_nothing_until_it_fits() -> None:
    mailbox = Mailbox(1)
    assert mailbox.offer(Envelope("one"))
    waiter = Sender(Envelope("two"))
    mailbox.wait(waiter)
    mailbox.widen(2, 0)
    assert (waiter.told, len(mailbox), mailbox.limit) == ("admitted", 2, 3)
    assert mailbox.overlooked() is None
    mailbox.widen(-2, 0)
    assert not mailbox.offer(Envelope("three"))
    for expected in ("one", "two"):
        taken = mailbox.take()
        assert taken is not None
        assert taken.message == expected
    assert mailbox.offer(Envelope("three"))
    assert mailbox.statistics().queued == 1


def test_waiting_senders_take_turns_by_source() -> None:
    inbox, _ = box(limit=1)
    inbox.offer(Envelope(0))
    for i in range(3):
        inbox.wait(Sender(Envelope(("flood", i), source="flood")))
    inbox.wait(Sender(Envelope(("quiet", 0), source="quiet")))
    assert taken(inbox) == [0, ("flood", 0), ("quiet", 0), ("flood", 1), ("flood", 2)]


def test_reject_fails_the_send() -> None:
    inbox, _ = box(overflow=Overflow.REJECT)
    inbox.offer(Envelope(1))
    inbox.offer(Envelope(2))
    with pytest.raises(MailboxFull, match="2 of 2 messages") as caught:
        inbox.offer(Envelope(3))
    assert caught.value.message == 3
    assert inbox.statistics().failed == {"mailbox_full": 1}
    assert balanced(inbox)


def test_drop_newest_drops_the_new_and_gives_its_credit_back() -> None:
    inbox, lost = box(overflow=Overflow.DROP_NEWEST)
    lane = Lane()
    for i in (1, 2, 3):
        assert inbox.offer(Envelope(i, carrier=lane, size=1))
    assert lost == [(3, "drop_newest")]
    assert lane.left == 1
    assert taken(inbox) == [1, 2]
    assert lane.left == 3


def test_drop_oldest_drops_from_the_source_that_has_most() -> None:
    inbox, lost = box(limit=3, overflow=Overflow.DROP_OLDEST)
    for source, message in (("a", 1), ("b", 2), ("b", 3), ("c", 4)):
        assert inbox.offer(Envelope(message, source=source))
    assert lost == [(2, "drop_oldest")]
    assert taken(inbox) == [1, 3, 4]
    assert inbox.statistics().dropped == {"drop_oldest": 1}


def test_latest_replaces_the_same_type_of_the_same_sender_at_any_time() -> None:
    inbox, lost = box(limit=3, overflow=Overflow.LATEST)
    for message in (1, "text", 2):
        assert inbox.offer(Envelope(message))
    assert lost == [(1, "superseded")]
    for other in (1.5, b""):
        assert inbox.offer(Envelope(other))
    assert lost[1:] == [(2, "latest")]
    assert taken(inbox) == ["text", 1.5, b""]
    assert balanced(inbox)


def test_latest_keeps_the_bound_in_bytes_when_the_newer_message_is_larger() -> None:
    inbox, lost = box(limit=10, byte_limit=10, overflow=Overflow.LATEST)
    inbox.offer(Envelope(1, size=1))
    inbox.offer(Envelope("text", size=8))
    inbox.offer(Envelope(2, size=5))
    assert lost == [(1, "superseded"), ("text", "latest")]
    assert inbox.bytes == 5
    assert taken(inbox) == [2]


def test_one_message_above_the_bound_in_bytes_may_enter_alone() -> None:
    inbox, _ = box(byte_limit=10)
    assert inbox.offer(Envelope(1, size=50))
    assert not inbox.offer(Envelope(2, size=1))
    inbox.take()
    assert inbox.offer(Envelope(2, size=1))
    assert not inbox.offer(Envelope(3, size=50))


def test_who_gives_up_makes_room_for_a_smaller_one_behind() -> None:
    inbox, _ = box(limit=10, byte_limit=10)
    inbox.offer(Envelope(1, size=5))
    large, small = Sender(Envelope(2, size=9, source="l")), Sender(Envelope(3, size=2, source="s"))
    inbox.wait(large)
    inbox.wait(small)
    inbox.give_up(large, MailboxFull("tired"))
    assert small.told == "admitted"
    assert balanced(inbox)


def test_a_sender_that_has_gone_is_counted_as_cancelled() -> None:
    inbox, _ = box(limit=1)
    inbox.offer(Envelope(1))
    inbox.wait(Sender(Envelope(2), gone=True))
    assert taken(inbox) == [1]
    assert inbox.statistics().failed == {"cancelled": 1}
    assert balanced(inbox)
    assert inbox.offer(Envelope(3))


def test_a_closed_mailbox_refuses_everybody_and_returns_what_was_queued() -> None:
    inbox, _ = box(limit=1)
    lane = Lane()
    inbox.offer(Envelope(1, size=1, carrier=lane))
    sender, late = Sender(Envelope(2)), Sender(Envelope(3))
    inbox.wait(sender)
    assert [envelope.message for envelope in inbox.close("it is over")] == [1]
    assert lane.left == 1
    inbox.wait(late)
    assert isinstance(sender.told, ActorStopped)
    assert isinstance(late.told, ActorStopped)
    with pytest.raises(ActorStopped, match="it is over"):
        inbox.offer(Envelope(4))
    with pytest.raises(ActorStopped):
        inbox.offer_foreign(Envelope(5))
    assert not inbox.offer_or_skip(Envelope(6))
    assert not inbox.offer_foreign_or_skip(Envelope(6))
    assert inbox.closed == "it is over"
    assert inbox.statistics().queued == 0
    assert balanced(inbox)


def test_a_system_lane_of_any_length_is_emptied_in_its_order_and_in_one_pass() -> None:
    # Moved for each message, this many would take minutes.
    inbox, many = Mailbox(), 400_000
    for number in range(many):
        inbox.put_system(Envelope(number))
    for number in range(many):
        envelope = inbox.take()
        assert envelope is not None
        assert envelope.message == number
        if number % 1000 == 0:
            assert len(inbox) == many - number - 1
    assert inbox.take() is None
    assert inbox.rest()


def test_what_is_left_of_a_system_lane_is_what_was_not_taken() -> None:
    inbox = Mailbox()
    for number in range(10):
        inbox.put_system(Envelope(number))
    assert [envelope.message for envelope in (inbox.take(), inbox.take()) if envelope is not None] == [0, 1]
    assert len(inbox) == 8
    assert [envelope.message for envelope in inbox.take_system()] == list(range(2, 10))
    assert len(inbox) == 0


def test_the_system_lane_has_room_and_goes_first() -> None:
    inbox, _ = box(limit=1)
    inbox.offer(Envelope(1))
    for i in range(10):
        inbox.put_system(Envelope(("system", i)))
    assert taken(inbox) == [*(("system", i) for i in range(10)), 1]


def test_the_request_to_stop_comes_out_last_and_closes_the_door() -> None:
    inbox, lost = box()
    inbox.offer(Envelope(1))
    stop = Envelope(_ActorStop())
    inbox.put_foreign(stop)
    inbox.put_foreign(Envelope(2))
    assert inbox.take() is not None
    assert inbox.take() is stop
    assert lost == [(2, "actor_stopped")]
    with pytest.raises(ActorStopped):
        inbox.offer(Envelope(3))


def test_who_puts_something_when_the_owner_has_left_refuses_it_himself() -> None:
    inbox, lost = box()
    wakes: list[str] = []
    inbox.wake = inbox.wake_threadsafe = lambda: wakes.append("woken")
    assert inbox.close("over") == []
    inbox.put_foreign(Envelope(1))  # between the close and the last look
    inbox.leave(inbox.on_drop)
    assert lost == [(1, "actor_stopped")]
    answer: ReplyFuture[object] = ReplyFuture()
    inbox.put_foreign(Envelope(2, None, answer))
    inbox.put_system(Envelope(3))
    assert lost[1:] == [(2, "actor_stopped")]
    with pytest.raises(ActorStopped, match="over"):
        answer.get(timeout=0)
    assert (len(inbox), wakes) == (0, [])
    assert balanced(inbox)


def test_only_stop_left_looks_at_every_lane() -> None:
    inbox, _ = box()
    assert not inbox.only_stop_left
    inbox.put_foreign(Envelope(1))
    inbox.put_foreign(Envelope(_ActorStop()))
    assert not inbox.only_stop_left
    inbox.take()
    assert inbox.only_stop_left
