"""Those who wait on a lane until they have credit, in the order in which they came, and how long all of them stood.

Behind them those who wait for a place of a stream, which have yet to come for credit: see `stream_limit`.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Protocol

from ...actors.mailbox import Waiter
from .standing_time import StandingTime

__all__ = ["CreditWaiters"]


class BehindThem(Protocol):
    """Where streams wait for a place: see `StreamLimit`."""

    waiting: CreditWaiters


class CreditWaiters(OrderedDict[Waiter, float]):
    """By when they began to wait. A dict, as each send looks whether it is empty."""

    __slots__ = ("_standing", "streams")

    def __init__(self) -> None:
        super().__init__()
        self._standing = StandingTime()
        #: Who waits for a place of a stream; None until one was asked for.
        self.streams: BehindThem | None = None

    @property
    def all(self) -> int:
        """How many wait, for credit or for a place."""
        return len(self) if self.streams is None else len(self) + len(self.streams.waiting)

    @property
    def stood(self) -> float:
        """Seconds that all of them stood here, together."""
        stood = self._standing.count(len(self))
        return stood if self.streams is None else stood + self.streams.waiting.stood

    def add(self, waiter: Waiter, at: float) -> None:
        """One more."""
        self._standing.count(len(self))
        self[waiter] = at

    def first(self) -> Waiter:
        """Whose turn it is."""
        return next(iter(self))

    def remove(self, waiter: Waiter) -> bool:
        """It waits no longer. False: it did not."""
        self._standing.count(len(self))
        return self.pop(waiter, None) is not None

    def take_all(self) -> list[Waiter]:
        """Nobody waits here any more; returns those that did."""
        self._standing.count(len(self))
        waiting = list(self)
        self.clear()
        return waiting if self.streams is None else waiting + self.streams.waiting.take_all()
