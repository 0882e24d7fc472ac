"""The one place where the manager's clock and the calendar meet."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass

from ...actors.base import wall_clock

__all__ = ["WallClock"]


@dataclass(frozen=True, slots=True)
class WallClock:
    """The manager counts seconds on a clock that never jumps; what outlives the process counts from the epoch.

    `offset` is the epoch's time less the manager's, taken once, when the node starts. So a calendar that is set
    right later moves no ban of this run, and what the book keeps is at most wrong by how wrong the calendar was.
    """

    offset: float = 0.0

    @classmethod
    def of(cls, loop: asyncio.AbstractEventLoop) -> WallClock:
        """The calendar beside the clock of the running loop."""
        return cls(wall_clock() - loop.time())

    def epoch(self, now: float) -> float:
        """Seconds since the epoch at that time of the manager's. Infinite times stay so."""
        return now + self.offset if math.isfinite(now) else now

    def manager(self, epoch: float) -> float:
        """The manager's time at that second since the epoch."""
        return epoch - self.offset if math.isfinite(epoch) else epoch
