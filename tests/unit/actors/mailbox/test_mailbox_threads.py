"""The mailbox: what other threads put, while the owner is there and while it is not."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict, deque
from threading import get_ident
from typing import Any

import pytest
from mailboxes import balanced, box, taken

from peerbus.actors import MailboxFull, Overflow
from peerbus.actors.mailbox.envelope import Envelope
from peerbus.actors.mailbox.mailbox import Mailbox


def test_the_owner_is_woken_once_until_it_rests() -> None:
    inbox, _ = box(limit=10)
    wakes: list[str] = []
    inbox.wake = lambda: wakes.append("own")
    inbox.wake_threadsafe = lambda: wakes.append("foreign")
    inbox.offer(Envelope(1))
    assert wakes == []  # a new mailbox is looked at when its actor starts
    taken(inbox)
    assert inbox.rest()
    inbox.offer(Envelope(1))
    inbox.offer_foreign(Envelope(2))
    assert wakes == ["own"]
    taken(inbox)
    assert inbox.rest()
    inbox.offer_foreign(Envelope(3))
    inbox.put_system(Envelope(4))
    assert wakes == ["own", "foreign"]
    assert not inbox.rest()
    assert taken(inbox) == [4, 3]


@pytest.mark.parametrize("overflow", list(Overflow))
def test_what_other_threads_put_is_bounded_while_the_owner_is_away(overflow: Overflow) -> None:
    inbox, _ = box(limit=4, overflow=overflow)
    inbox.owner = -2
    outcomes: Counter[str] = Counter()
    for i in range(50):
        try:
            outcomes[str(inbox.offer_foreign(Envelope(i)))] += 1
        except MailboxFull:
            outcomes["refused"] += 1
    assert len(inbox) <= 2 * 4
    inbox.owner = get_ident()
    messages = taken(inbox)
    assert len(messages) <= 4
    expected = {
        Overflow.WAIT: ([0, 1, 2, 3], {"True": 4, "False": 46}),
        Overflow.REJECT: ([0, 1, 2, 3], {"True": 4, "refused": 46}),
        Overflow.DROP_NEWEST: ([0, 1, 2, 3], {"True": 50}),
        Overflow.DROP_OLDEST: ([46, 47, 48, 49], {"True": 50}),
        Overflow.LATEST: ([49], {"True": 50}),
    }
    assert (messages, dict(outcomes)) == expected[overflow]
    stats = inbox.statistics()
    assert balanced(inbox)
    assert stats.delivered == len(messages) + sum(stats.dropped.values())


def test_the_owner_counts_what_waits_at_the_foreign_door() -> None:
    inbox, _ = box(limit=4)
    for i in range(3):
        assert inbox.offer_foreign(Envelope(i))
    assert inbox.offer(Envelope(3))
    assert not inbox.offer(Envelope(4))
    assert taken(inbox) == [0, 1, 2, 3]


def test_many_threads_lose_nothing_and_each_keeps_its_order() -> None:
    inbox, _ = box(limit=100_000)
    awake = threading.Event()
    inbox.wake = inbox.wake_threadsafe = awake.set
    count, threads = 2_000, 8
    inbox.scheduled = False

    def put(source: int) -> None:
        for i in range(count):
            assert inbox.offer_foreign(Envelope(i, source=source))

    workers = [threading.Thread(target=put, args=(source,)) for source in range(threads)]
    for worker in workers:
        worker.start()
    seen: dict[object, list[object]] = defaultdict(list)
    total = 0
    while total < count * threads:
        assert awake.wait(10), "a wake-up was lost"
        awake.clear()
        while True:
            while (envelope := inbox.take()) is not None:
                seen[envelope.source].append(envelope.message)
                total += 1
            if inbox.rest():
                break
    for worker in workers:
        worker.join()
    assert all(seen[source] == list(range(count)) for source in range(threads))
    assert balanced(inbox)


def test_threads_exceed_the_bound_by_no_more_than_the_one_that_races_the_owner() -> None:
    inbox, _ = box(limit=8)
    threads = 6
    start = threading.Barrier(threads + 1)

    def put() -> None:
        start.wait()
        for i in range(100):
            inbox.offer_foreign(Envelope(i))

    workers = [threading.Thread(target=put) for _ in range(threads)]
    for worker in workers:
        worker.start()
    start.wait()
    most = 0
    for i in range(200):
        inbox.offer(Envelope(i))
        most = max(most, len(inbox))
    for worker in workers:
        worker.join()
    assert max(most, len(inbox)) <= 8 + 1


def test_pykkas_interface_for_inboxes_works() -> None:
    inbox, _ = box()
    assert inbox.empty()
    inbox.put(Envelope(1))
    assert not inbox.empty()
    assert inbox.get().message == 1
    with pytest.raises(IndexError):
        inbox.get()
    assert list(inbox) == []


def test_what_another_thread_puts_while_the_owner_settles_is_not_overlooked() -> None:
    """The owner of a mailbox that is never empty would look at the foreign door no more, as long as it is not slow."""

    class Door(deque[Any]):
        """Right after the owner has seen for the second time that nothing is there, another thread puts something."""

        looks = 0

        def __bool__(self) -> bool:
            if len(self):
                return True
            self.looks += 1
            if self.looks == 2:
                thread = threading.Thread(target=mailbox.offer_foreign, args=[Envelope("from another thread")])
                thread.start()
                thread.join()
            return False

    mailbox = Mailbox(limit=8)
    mailbox.owner = threading.get_ident()
    mailbox._foreign = Door()
    assert mailbox.offer_foreign(Envelope("first"))
    assert mailbox.take() is not None  # admitted, and settled
    assert len(mailbox) == 1
    assert not mailbox.has_room_for(1, 0)  # not without a look at that door


def test_a_look_from_another_thread_outlives_what_the_owner_does_meanwhile() -> None:
    class Changing(deque[Any]):
        """Changes while somebody looks, once."""

        def copy(self) -> Any:
            if changes:
                changes.pop()
                raise RuntimeError("deque mutated during iteration")
            return super().copy()

    mailbox = Mailbox()
    mailbox._foreign = Changing()
    changes = [1]
    entry = Envelope("queued", source="somebody")
    assert mailbox.offer_foreign(entry)
    assert mailbox.holds_others("me")
    changes.append(1)
    assert mailbox.peek() == [entry]
    assert changes == []
