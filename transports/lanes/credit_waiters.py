"""Those who wait on a lane until they have credit, in the order in which they came, and how long all of them stood."""

from __future__ import annotations

from collections import OrderedDict

from ...actors.mailbox import Waiter
from .standing_time import StandingTime

__all__ = ["CreditWaiters"]


class CreditWaiters(OrderedDict[Waiter, float]):
    """By when they began to wait. A dict, as each send looks whether it is empty."""

    __slots__ = ("_standing",)

    def __init__(self) -> None:
        super().__init__()
        self._standing = StandingTime()

    @property
    def stood(self) -> float:
        """Seconds that all of them stood here, together."""
        return self._standing.count(len(self))

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
        return waiting
