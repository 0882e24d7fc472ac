"""The one place where the manager's clock and the calendar meet."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass

from ...actors.base import wall_clock

__all__ = ["WallClock"]


#: Seconds by which the calendar must have been set to be looked at anew; less is what keeps a clock right.
JUMP = 1.0


@dataclass(slots=True)
class WallClock:
    """The manager counts seconds on a clock that never jumps; what outlives the process counts from the epoch.

    `offset` is the epoch's time less the manager's. A calendar that is set moves no time of this run: it moves what the
    book is told of them, by `adjust`.
    """

    offset: float = 0.0

    @classmethod
    def of(cls, loop: asyncio.AbstractEventLoop) -> WallClock:
        """The calendar beside the clock of the running loop."""
        return cls(wall_clock() - loop.time())

    def adjust(self, epoch: float, now: float) -> float:
        """Compare the two clocks as they are now; returns the seconds by which the calendar was set, 0.0 for not."""
        jump = epoch - now - self.offset
        if abs(jump) < JUMP:
            return 0.0
        self.offset += jump
        return jump

    def epoch(self, now: float) -> float:
        """Seconds since the epoch at that time of the manager's. Infinite times stay so."""
        return now + self.offset if math.isfinite(now) else now

    def manager(self, epoch: float) -> float:
        """The manager's time at that second since the epoch."""
        return epoch - self.offset if math.isfinite(epoch) else epoch
