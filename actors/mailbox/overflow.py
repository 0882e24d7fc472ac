"""The overflow policy at work: whether a message may enter a mailbox, and what becomes of it where there is no room.

How long a sender waits whose message may not enter yet is the sender's: see `sends/waiting.py`.
"""

from __future__ import annotations

from enum import Enum

from ..messages import Overflow

__all__ = ["WHEN_FULL", "Verdict", "decide"]


class Verdict(Enum):
    """What becomes of a message that is to enter."""

    ENTERS = "enters"
    """There is room."""
    WAITS = "waits"
    """Its sender has to wait for room."""
    CLOSED = "closed"
    """Nothing is taken any more: its sender is told."""
    REFUSED = "refused"
    """There is no room: its sender is told."""
    DROPPED = "dropped"
    """There is no room: it is delivered, and dropped."""
    DISPLACES = "displaces"
    """It enters, and the oldest messages are dropped until there is room."""
    REPLACES = "replaces"
    """It takes the place of an older one of the same sender and type."""


#: What becomes of a message without room, by the policy of the mailbox.
WHEN_FULL: dict[Overflow, Verdict] = {
    Overflow.WAIT: Verdict.WAITS,
    Overflow.REJECT: Verdict.REFUSED,
    Overflow.DROP_NEWEST: Verdict.DROPPED,
    Overflow.DROP_OLDEST: Verdict.DISPLACES,
    Overflow.LATEST: Verdict.DISPLACES,
}


def decide(policy: Overflow, *, closed: bool, room: bool, older: bool) -> Verdict:
    """What becomes of a message. `older`: one of the same sender and type is queued."""
    if closed:
        return Verdict.CLOSED
    if older and policy is Overflow.LATEST:
        return Verdict.REPLACES
    return Verdict.ENTERS if room else WHEN_FULL[policy]
