"""How late the event loop is: what waits for its turn waits so long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass
from time import monotonic

__all__ = ["LagView", "LoopLag"]

#: Seconds between two looks. A node's heartbeats wake the loop as often.
EVERY = 1.0
#: The last looks, of which the latest answer counts.
LOOKS = 60


@dataclass(frozen=True, slots=True)
class LagView:
    """Seconds by which a timer of this loop came late: the last time, and at most in the last minute."""

    last: float
    worst: float


class LoopLag:
    """Looks once a second, by a timer that says how late it is. On the loop's thread."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        clock: Callable[[], float],
        context: Context,
    ) -> None:
        self._loop = loop
        self._clock = clock
        self._context = context
        self._seen: list[float] = []
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Look from now on, until `close`; not where time is virtual, and nothing is late."""
        if abs(self._loop.time() - monotonic()) > EVERY:
            return
        self._again()

    def _again(self) -> None:
        self._due = self._clock() + EVERY
        self._timer = self._loop.call_later(EVERY, self._look, context=self._context)

    def close(self) -> None:
        """Look no more. Idempotent."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._seen = [*self._seen[1 - LOOKS :], max(0.0, self._clock() - self._due)]
        self._again()

    @property
    def view(self) -> LagView:
        """As of now: a loop that has not come round for long is late already."""
        late = max(0.0, self._clock() - self._due) if self._timer is not None else 0.0
        return LagView(max(late, self._seen[-1] if self._seen else 0.0), max(late, *self._seen, 0.0))
