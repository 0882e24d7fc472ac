"""Mailboxes for tests: senders, a lane that settles, and what a box balances to."""

from __future__ import annotations

from threading import get_ident

from peerbus.actors import Overflow, SendError
from peerbus.actors.mailbox.envelope import Envelope
from peerbus.actors.mailbox.mailbox import Mailbox


class Sender:
    """A waiter that notes what it was told."""

    def __init__(self, envelope: Envelope, *, gone: bool = False) -> None:
        self.envelope = envelope
        self.withdrawn = ""
        self.gone = gone
        self.told: object = None

    def admitted(self) -> bool:
        if self.gone:
            return False
        self.told = "admitted"
        return True

    def refused(self, error: SendError) -> None:
        self.told = error


def box(
    limit: int = 2, byte_limit: int = 100, overflow: Overflow = Overflow.WAIT
) -> tuple[Mailbox, list[tuple[object, str]]]:
    made = Mailbox(limit, byte_limit, overflow)
    made.owner = get_ident()
    lost: list[tuple[object, str]] = []
    made.on_drop = lambda envelope, error: lost.append((envelope.message, error.reason))
    return made, lost


def taken(from_: Mailbox) -> list[object]:
    messages = []
    while (envelope := from_.take()) is not None:
        messages.append(envelope.message)
    return messages


def balanced(of: Mailbox) -> bool:
    stats = of.statistics()
    return stats.sent == stats.delivered + sum(stats.failed.values()) + stats.waiting
