"""What the receiving process of a remote case counts, and how long it takes for each message.

The process that started it steers it by lines on its standard input, beside what is measured, so that an order never
waits behind a backlog: `count` is answered with the count, `pace SECONDS` sets how long a message takes, `collect` has
Python's collector look at what there is.
"""

from __future__ import annotations

import gc
import sys

__all__ = ["Tally", "obey"]

#: Timers of event loops are this coarse; shorter waits are added up until they are worth a sleep.
_SHORTEST_SLEEP = 0.001
#: How much of the time lost by a sleep that lasted too long is made up for.
_CATCH_UP = 0.01


class Tally:
    """Count `count` up for each message, then, where `delay` is not 0, sleep for what `pause` says."""

    __slots__ = ("_free", "count", "delay")

    def __init__(self) -> None:
        self.count = 0
        #: Seconds that a message takes; 0 is as fast as can be.
        self.delay = 0.0
        #: When the receiver is done with all that it took.
        self._free: float | None = None

    def pause(self, now: float) -> float:
        """Seconds to sleep now, so that on average each message takes `delay`; 0 while they are added up."""
        self._free = (now if self._free is None else max(self._free, now - _CATCH_UP)) + self.delay
        wait = self._free - now
        return wait if wait >= _SHORTEST_SLEEP else 0.0


def obey(tally: Tally) -> None:
    """Follow the orders of the process that started this one, until it goes away."""
    for line in sys.stdin:
        order, _, value = line.strip().partition(" ")
        if order == "pace":
            tally.delay = float(value)
        elif order == "collect":
            gc.collect()
        print(tally.count, flush=True)
