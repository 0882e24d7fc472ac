"""Timers that fire when a test says so, on a clock that only the test moves."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

from ..actors.cell import Cell
from ..actors.timers import Timer, Timers

__all__ = ["ManualTimers"]


class ManualTimers(Timers):
    """The timers of one actor. `on_set` hears of each; `now` is in seconds and starts at 0."""

    __slots__ = ("_due", "_numbers", "_on_set", "now")

    def __init__(self, cell: Cell, on_set: Callable[[Timer, float], None]) -> None:
        super().__init__(cell)
        self.now = 0.0
        self._on_set = on_set
        self._due: list[tuple[float, int, ManualTimer]] = []
        self._numbers = itertools.count()

    def _add(self, timer: Timer, delay: float) -> Timer:
        manual = ManualTimer(self, timer.message, timer.interval)
        self._on_set(manual, delay)
        return super()._add(manual, delay)

    def at(self, delay: float, timer: ManualTimer) -> Callable[[], object]:
        """Let `timer` fire in `delay` seconds; returns what cancels it."""
        entry = (self.now + delay, next(self._numbers), timer)
        heapq.heappush(self._due, entry)

        def cancel() -> None:
            if entry in self._due:
                self._due.remove(entry)
                heapq.heapify(self._due)

        return cancel

    def due_at(self) -> float | None:
        """When the next timer fires; None where none is set."""
        return self._due[0][0] if self._due else None

    def fire_next(self) -> None:
        """Move the clock to the next timer, and fire it."""
        self.now, _, timer = heapq.heappop(self._due)
        timer.fire()


class ManualTimer(Timer):
    """One timer on the test's clock."""

    __slots__ = ("_cell", "_timers")

    def __init__(self, owner: ManualTimers, message: object, interval: float | None) -> None:
        super().__init__(owner, message, interval)
        self._timers = owner
        self._cell: Cell | None = None

    def arm(self, cell: Cell, delay: float) -> None:
        """As `Timer.arm`, on the test's clock."""
        self._cell = cell
        self._cancel = self._timers.at(delay, self)

    def fire(self) -> None:
        """Put the message into the actor's mailbox."""
        assert self._cell is not None
        self._fire(self._cell)
