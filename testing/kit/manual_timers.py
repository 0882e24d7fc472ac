"""Timers that fire when a test says so, on a clock that only the test moves."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

from ...actors.engine import Cell, Timer, Timers

__all__ = ["ManualTimers"]


class ManualTimers(Timers):
    """The timers of one actor. `on_set` hears of each; `time` is in seconds and starts at 0."""

    __slots__ = ("_due", "_numbers", "_on_set", "time")

    def __init__(self, cell: Cell, on_set: Callable[[Timer, float], None]) -> None:
        super().__init__(cell)
        self.time = 0.0
        self._on_set = on_set
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = itertools.count()

    def _add(self, timer: Timer, delay: float) -> Timer:
        self._on_set(timer, delay)
        return super()._add(timer, delay)

    def now(self) -> float:
        """As `Timers.now`: the test's clock."""
        return self.time

    def call_later(self, delay: float, action: Callable[[], object]) -> Callable[[], object]:
        """As `Timers.call_later`, on the test's clock."""
        entry = (self.time + delay, next(self._numbers), action)
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
        self.time, _, action = heapq.heappop(self._due)
        action()
