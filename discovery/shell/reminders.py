"""What the peer manager's actor tells itself: something is due, or has come to pass beside its mailbox."""

from __future__ import annotations

from dataclasses import dataclass

from ...transports.connection import ConnectionEnded

__all__ = ["ConnectionOver", "Flush", "Moved", "Renew"]


@dataclass(frozen=True, slots=True)
class Renew:
    """Look at the clock, and whether it is time for a new record."""


@dataclass(frozen=True, slots=True)
class Flush:
    """Time to write down what has changed."""


@dataclass(frozen=True, slots=True)
class Moved:
    """The machine's addresses were looked at: `really`, and it has other ones than before."""

    really: bool


@dataclass(frozen=True, slots=True)
class ConnectionOver:
    """The connection of that key has ended."""

    key: int
    event: ConnectionEnded
