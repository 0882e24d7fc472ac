"""When it is looked whom to dial: when somebody is due, and once for all who are found within a moment."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from contextvars import Context

__all__ = ["FOUND_TOGETHER", "Looks"]

#: Seconds: a look goes through all known peers, 2 ms where there are hundreds, and a flood of services that there are
#: not, or a large network, names hundreds in a moment: so it is a twentieth of the time at most.
FOUND_TOGETHER = 0.05


class Looks:
    """Calls `look`, which says by `begun` that it looks, and by `at` when it is due again. Times are the loop's."""

    def __init__(self, loop: asyncio.AbstractEventLoop, context: Context, look: Callable[[], None]) -> None:
        self._loop = loop
        self._context = context
        self._look = look
        self._timer: asyncio.TimerHandle | None = None
        self._last = -math.inf
        self._soon = False

    def found(self) -> None:
        """Somebody was found: look now, or with those who are found next where there was a look just now."""
        due = self._last + FOUND_TOGETHER
        if self._loop.time() >= due:
            self._look()
        elif not self._soon:
            self._soon = True
            self.at(due)

    def begun(self) -> None:
        """It is looked now."""
        self._last, self._soon = self._loop.time(), False
        self.at(math.inf)

    def end(self) -> None:
        """Look no more, whoever is found."""
        self.at(math.inf)
        self._look, self._last = _nobody_looks, -math.inf

    def at(self, due: float) -> None:
        """Look again then; inf: not by itself."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if due < math.inf:
            self._timer = self._loop.call_at(due, self._look, context=self._context.copy())


def _nobody_looks() -> None:
    """The node stops."""
