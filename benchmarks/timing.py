"""Timing of work that is done for a time: one piece after the other, or with many pieces in flight.

Law 1: every side works for the same time, not through the same number: what is faster does more of it.
Law 2: the clock is looked at once for BATCH pieces of what takes about a microsecond, on every side.
Law 3: a one-way measurement ends when the receiver has confirmed the count, so what still waits is paid for.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence
from time import perf_counter

__all__ = ["BATCH", "IN_FLIGHT", "Until", "confirm", "in_flight", "latencies", "percentiles", "quantile"]

#: Requests in flight in the measurements of many at once.
IN_FLIGHT = 64
#: Pieces of work between two looks at the clock.
BATCH = 64


class Until:
    """The end of a measurement: after `seconds`, or when somebody calls `stop`."""

    __slots__ = ("end",)

    def __init__(self, seconds: float) -> None:
        self.end = perf_counter() + seconds

    def over(self) -> bool:
        """Whether it has come."""
        return perf_counter() >= self.end

    def left(self) -> float:
        """Seconds until then."""
        return max(0.0, self.end - perf_counter())

    def stop(self) -> None:
        """Let it come now; from any thread."""
        self.end = 0.0


def quantile(values: Sequence[float], fraction: float) -> float:
    """The value below which `fraction` of the values lie; of the two nearest, weighted. Raises ValueError for none."""
    if not values:
        raise ValueError("no values, so no quantile")
    ordered = sorted(values)
    position = fraction * (len(ordered) - 1)
    low = int(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)


def percentiles(times: Sequence[float]) -> dict[str, float]:
    """The two figures of a distribution of times, in seconds: `p50` and `p99`."""
    return {"p50": quantile(times, 0.5), "p99": quantile(times, 0.99)}


async def latencies(request: Callable[[int], Awaitable[object]], until: Until) -> list[float]:
    """Seconds of each request, one after the other."""
    times: list[float] = []
    while not until.over():
        start = perf_counter()
        await request(len(times))
        times.append(perf_counter() - start)
    return times


async def in_flight(request: Callable[[int], Awaitable[object]], until: Until) -> float:
    """Requests per second with IN_FLIGHT of them under way: that many workers, each awaiting its own."""
    start = perf_counter()
    sequence = itertools.count()

    async def work() -> None:
        while not until.over():
            await request(next(sequence))

    await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
    return next(sequence) / (perf_counter() - start)


def confirm(counted: int, expected: int) -> None:
    """The receiver counted what was sent. Raises RuntimeError where it did not: the figure would mean nothing."""
    if counted != expected:
        raise RuntimeError(f"{expected} messages were sent and {counted} were handled")
