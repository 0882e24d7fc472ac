"""What the loop itself costs: a bounded asyncio.Queue for a tell, a bare future for an ask."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from time import perf_counter

from .messages import SMALL, Data, Echo
from .run import Run
from .timing import confirm, percentiles

__all__ = ["floors"]

#: As large as a mailbox is by default.
QUEUE_LIMIT = 1024


def floors(run: Run) -> Mapping[str, float]:
    """Messages through an asyncio.Queue(1024) between two tasks; a future that `call_soon` answers, awaited."""
    return run.main(_floors(run))


async def _floors(run: Run) -> dict[str, float]:
    figures = {"tell": await _queue(run.count(100_000))}
    for name, value in percentiles(await _futures(run.count(10_000))).items():
        figures[f"ask {name}"] = value
    return figures


async def _queue(number: int) -> float:
    queue: asyncio.Queue[Data] = asyncio.Queue(QUEUE_LIMIT)
    count = 0

    async def take() -> None:
        nonlocal count
        for _ in range(number):
            await queue.get()
            count += 1

    consumer = asyncio.create_task(take())
    start = perf_counter()
    for seq in range(number):
        await queue.put(Data(seq, SMALL))
    await consumer
    confirm(count, number)
    return number / (perf_counter() - start)


async def _futures(number: int) -> list[float]:
    loop = asyncio.get_running_loop()
    times = []
    for seq in range(number):
        start = perf_counter()
        future: asyncio.Future[Echo] = loop.create_future()
        loop.call_soon(future.set_result, Echo(seq, SMALL))
        await future
        times.append(perf_counter() - start)
    return times
