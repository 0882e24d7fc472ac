"""What other threads put: its order, its bounds in messages and bytes, and those that wait at the door."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from peerbus.actors import ActorStopped, MailboxFull, Overflow, SendError
from peerbus.actors.mailbox.envelope import Envelope
from peerbus.actors.mailbox.mailbox import Mailbox


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


def elsewhere(action: Callable[[], object]) -> object:
    """What `action` returns, or raises, on another thread."""
    found: list[object] = []

    def act() -> None:
        try:
            found.append(action())
        except SendError as error:
            found.append(error)

    thread = threading.Thread(target=act)
    thread.start()
    thread.join()
    return found[0]


def box(policy: Overflow = Overflow.WAIT) -> Mailbox:
    made = Mailbox(2, 100, policy)
    made.owner = threading.get_ident()
    return made


def taken(inbox: Mailbox) -> list[object]:
    messages = []
    while (envelope := inbox.take()) is not None:
        messages.append(envelope.message)
    return messages


def test_what_another_thread_puts_is_bounded_in_messages_and_in_bytes() -> None:
    inbox = box()
    assert elsewhere(lambda: inbox.offer_foreign(Envelope("one", size=60))) is True
    assert len(inbox) == 1
    assert not inbox.has_room_for(1, 0), "not without a look at the door"
    assert inbox.peek()[0].message == "one"
    assert inbox.only_stop_left is False  # the owner has looked
    assert elsewhere(lambda: inbox.offer_foreign(Envelope("large", size=60))) is False
    assert elsewhere(lambda: inbox.offer_foreign(Envelope("small", size=40))) is True
    assert elsewhere(lambda: inbox.offer_foreign(Envelope("third"))) is False
    assert taken(inbox) == ["one", "small"]


def test_what_comes_after_a_sender_that_waits_at_the_door_does_not_overtake_it() -> None:
    inbox = box()
    waits = Sender(Envelope("first", size=100))
    inbox.offer(Envelope("before", size=10))
    assert elsewhere(lambda: inbox.offer_foreign(waits.envelope)) is False
    elsewhere(lambda: inbox.put_foreign(waits))
    assert elsewhere(lambda: inbox.offer_foreign(Envelope("second"))) is False
    assert elsewhere(lambda: inbox.offer_foreign_or_skip(Envelope("tick"))) is False
    assert elsewhere(lambda: inbox.offer_some_foreign([Envelope("many")])) == 0
    assert inbox.room_outside == 0
    assert taken(inbox) == ["before", "first"]
    assert waits.told == "admitted"
    assert inbox.room_outside == 2
    assert inbox.statistics().account.balanced


@pytest.mark.parametrize(
    ("policy", "outcome", "left"),
    [
        (Overflow.WAIT, False, ["one", "two"]),
        (Overflow.REJECT, MailboxFull, ["one", "two"]),
        (Overflow.DROP_NEWEST, True, ["one", "two"]),
        (Overflow.DROP_OLDEST, True, ["two", "three"]),
        (Overflow.LATEST, True, ["two", "three"]),
    ],
)
def test_a_thread_that_finds_no_room_is_told_what_the_policy_says(
    policy: Overflow, outcome: object, left: list[object]
) -> None:
    inbox = box(policy)
    for message in ("one", "two"):
        assert elsewhere(lambda message=message: inbox.offer_foreign(Envelope(message, source=message))) is True  # type: ignore[misc]  # bound at once
    found = elsewhere(lambda: inbox.offer_foreign(Envelope("three", source="three")))
    assert (found if isinstance(found, bool) else type(found)) == outcome
    assert taken(inbox) == left
    assert inbox.statistics().account.balanced


def test_after_the_end_nothing_enters_and_what_came_before_is_dropped() -> None:
    inbox = box()
    lost: list[object] = []
    inbox.on_drop = lambda envelope, error: lost.append((envelope.message, error.reason))
    assert elsewhere(lambda: inbox.offer_foreign(Envelope("late"))) is True
    waits = Sender(Envelope("waits"))
    elsewhere(lambda: inbox.put_foreign(waits))
    assert inbox.close("over") == []
    assert lost == [("late", "actor_stopped")]
    assert isinstance(waits.told, ActorStopped)
    assert isinstance(elsewhere(lambda: inbox.offer_foreign(Envelope("later"))), ActorStopped)
    assert elsewhere(lambda: inbox.offer_foreign_or_skip(Envelope("tick"))) is False
    assert inbox.statistics().account.balanced
