"""Senders that wait: in order within a source, in turn between sources."""

from __future__ import annotations

import pytest

from peerbus.actors import SendError
from peerbus.actors.mailbox.envelope import Envelope
from peerbus.actors.mailbox.waiting_senders import WaitingSenders, as_it_is, gone


class Sender:
    def __init__(self, name: str, source: object) -> None:
        self.name = name
        self.envelope = Envelope(name, source=source)
        self.withdrawn = ""

    def admitted(self) -> bool:
        return True

    def refused(self, error: SendError) -> None: ...

    def __repr__(self) -> str:
        return self.name


@pytest.fixture
def senders() -> list[Sender]:
    return [Sender("a1", "a"), Sender("a2", "a"), Sender("b1", "b")]


@pytest.fixture
def waiting(senders: list[Sender]) -> WaitingSenders:
    made = WaitingSenders()
    for sender in senders:
        made.add(sender)
    return made


def test_sources_take_turns(waiting: WaitingSenders) -> None:
    order = []
    while (first := waiting.first()) is not None:
        order.append(str(first))
        waiting.take_first()
    assert order == ["a1", "b1", "a2"]


def test_one_that_gives_up_waits_no_longer(waiting: WaitingSenders, senders: list[Sender]) -> None:
    first, second, other = senders
    assert other in waiting
    assert waiting.remove(other)
    assert not waiting.remove(other)
    assert other not in waiting
    assert not waiting.holds_others("a")
    assert waiting.remove(first)
    assert waiting.first() is second


def test_all_are_taken_in_the_order_of_their_lanes(waiting: WaitingSenders, senders: list[Sender]) -> None:
    assert waiting.take_all() == senders
    assert waiting.first() is None


def test_the_error_of_one_that_has_gone_says_why(senders: list[Sender]) -> None:
    assert gone(senders[0]).reason == "cancelled"
    senders[0].withdrawn = "deadline_mailbox"
    assert gone(senders[0]).reason == "deadline_mailbox"


def test_a_look_is_taken_once_more_where_another_thread_changed_what_it_sees() -> None:
    changes = [1]

    def look() -> list[int]:
        if changes:
            changes.pop()
            raise RuntimeError("changed during iteration")
        return [1, 2]

    assert as_it_is(look) == (1, 2)
