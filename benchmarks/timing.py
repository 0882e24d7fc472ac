"""Timing of work that is done one piece at a time, and of work with many pieces in flight."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from time import perf_counter

__all__ = ["IN_FLIGHT", "confirm", "in_flight", "latencies", "percentiles", "quantile"]

#: Requests in flight in the measurements of many at once.
IN_FLIGHT = 64


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


async def latencies(request: Callable[[int], Awaitable[object]], number: int) -> list[float]:
    """Seconds of each of `number` requests, one after the other."""
    times = []
    for seq in range(number):
        start = perf_counter()
        await request(seq)
        times.append(perf_counter() - start)
    return times


async def in_flight(request: Callable[[int], Awaitable[object]], number: int) -> float:
    """Requests per second with IN_FLIGHT of them under way: that many workers, each awaiting its own."""
    sequence = iter(range(number))

    async def work() -> None:
        for seq in sequence:
            await request(seq)

    start = perf_counter()
    await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
    return number / (perf_counter() - start)


def confirm(counted: int, expected: int) -> None:
    """The receiver counted what was sent. Raises RuntimeError where it did not: the figure would mean nothing."""
    if counted != expected:
        raise RuntimeError(f"{expected} messages were sent and {counted} were handled")
