"""What the processes of a measurement say to each other."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Block", "Echo", "Job", "Pace", "Report", "Reported", "Stall"]


@dataclass(frozen=True, slots=True)
class Job:
    """A message with work behind it. `lane` and `seq`: who sent it, and its number there."""

    lane: int
    seq: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Echo:
    """An ask that costs nothing, to be timed."""

    seq: int


@dataclass(frozen=True, slots=True)
class Block:
    """A large message; taken and forgotten."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Stall:
    """To a reactor that never takes a second message."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Pace:
    """Take `seconds` for each job from now on, and count by time anew."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Report:
    """How does it look?"""


@dataclass(frozen=True, slots=True)
class Reported:
    """`handled` jobs in all, `disorder` of them out of order or twice.

    `resident` and, since the last Pace, `peak`: bytes of memory.
    `counts`: jobs handled in each BUCKET seconds since the last Pace.
    """

    handled: int
    disorder: int
    resident: int
    peak: int
    connections_lost: int
    counts: list[int]
