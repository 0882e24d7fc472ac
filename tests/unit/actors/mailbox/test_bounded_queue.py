"""The bounded queue of one thread: what enters, what waits, what is dropped; and that the account adds up."""

from __future__ import annotations

import pytest

from peerbus.actors import MailboxFull, Overflow, SendError
from peerbus.actors.mailbox.bounded_queue import BoundedQueue
from peerbus.actors.mailbox.envelope import Envelope


class Sender:
    def __init__(self, envelope: Envelope) -> None:
        self.envelope = envelope
        self.withdrawn = ""
        self.told: object = None

    def admitted(self) -> bool:
        self.told = "admitted"
        return True

    def refused(self, error: SendError) -> None:
        self.told = error


def full(policy: Overflow) -> tuple[BoundedQueue, list[object]]:
    """One of two places that are taken, of 10 and 20 bytes of 30."""
    queue = BoundedQueue(2, 30, policy)
    dropped: list[object] = []
    queue.on_drop = lambda envelope, error: dropped.append((envelope.message, error.reason))
    for message, size in (("first", 10), ("second", 20)):
        assert queue.admit(Envelope(message, source=message, size=size))
    return queue, dropped


def test_a_message_without_room_waits_and_is_counted_when_its_sender_does() -> None:
    queue, _ = full(Overflow.WAIT)
    third = Sender(Envelope("third", size=10))
    assert not queue.admit(third.envelope)
    assert queue.sent == 2
    queue.begin_wait(third)
    assert (queue.sent, queue.waiting, third.told) == (3, 1, None)
    assert queue.account.balanced


def test_a_message_without_room_is_refused_where_the_policy_says_so() -> None:
    queue, _ = full(Overflow.REJECT)
    with pytest.raises(MailboxFull, match="2 of 2 messages, 30 of 30 bytes"):
        queue.admit(Envelope("third"))
    assert queue.account.failed == {"mailbox_full": 1}
    assert queue.account.balanced


def test_a_message_without_room_is_dropped_where_the_policy_says_so() -> None:
    queue, dropped = full(Overflow.DROP_NEWEST)
    assert queue.admit(Envelope("third"))
    assert dropped == [("third", "drop_newest")]
    assert queue.account.balanced


def test_the_oldest_go_until_there_is_room() -> None:
    queue, dropped = full(Overflow.DROP_OLDEST)
    assert queue.admit(Envelope("third", source="third", size=25))
    assert dropped == [("first", "drop_oldest"), ("second", "drop_oldest")]
    assert [envelope.message for envelope in queue] == ["third"]
    assert queue.bytes == 25


def test_a_newer_message_takes_the_place_of_the_older_one_of_its_sender_and_type() -> None:
    queue, dropped = full(Overflow.LATEST)
    assert queue.admit(Envelope("newer", source="first", size=5))
    assert dropped == [("first", "superseded")]
    assert sorted(str(envelope.message) for envelope in queue) == ["newer", "second"]
    assert queue.bytes == 25
    assert queue.account.balanced


def test_a_message_larger_than_the_whole_bound_enters_alone() -> None:
    queue = BoundedQueue(2, 30, Overflow.WAIT)
    assert queue.room_for(1, 100)
    assert queue.admit(Envelope("large", size=100))
    assert not queue.room_for(1, 1)


def test_a_queue_that_was_idle_wakes_its_owner_once() -> None:
    queue = BoundedQueue(4, 30, Overflow.WAIT)
    woken: list[int] = []
    queue.wake, queue.scheduled = lambda: woken.append(1), False
    queue.enter(Envelope(1))
    queue.enter_all([Envelope(2), Envelope(3)], 0)
    assert woken == [1]
    assert len(list(queue)) == 3


@pytest.mark.parametrize("policy", Overflow)
def test_what_has_no_size_enters_beside_a_message_larger_than_the_bound(policy: Overflow) -> None:
    queue = BoundedQueue(3, 30, policy)
    assert queue.admit(Envelope("large", source="a peer", size=100))
    assert queue.admit(Envelope("of this process"))
    assert [envelope.message for envelope in queue] == ["large", "of this process"]
