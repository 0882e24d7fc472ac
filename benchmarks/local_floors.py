"""What the loop itself costs: a bounded asyncio.Queue for a tell, a bare future for an ask."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from time import perf_counter

from .messages import SMALL, Data, Echo
from .run import Run
from .timing import BATCH, Until, confirm, percentiles

__all__ = ["floors"]

#: As large as a mailbox is by default.
QUEUE_LIMIT = 1024


def floors(run: Run) -> Mapping[str, float]:
    """Messages through an asyncio.Queue(1024) between two tasks; a future that `call_soon` answers, awaited."""
    return run.main(_floors(run))


async def _floors(run: Run) -> dict[str, float]:
    await _queue(run.warm_up)
    figures = {"tell": await _queue(run.seconds)}
    await _futures(run.warm_up)
    for name, value in percentiles(await _futures(run.seconds)).items():
        figures[f"ask {name}"] = value
    return figures


async def _queue(seconds: float) -> float:
    queue: asyncio.Queue[Data | None] = asyncio.Queue(QUEUE_LIMIT)
    count = sent = 0

    async def take() -> None:
        nonlocal count
        while await queue.get() is not None:
            count += 1

    consumer = asyncio.create_task(take())
    start, until = perf_counter(), Until(seconds)
    while not until.over():
        for seq in range(sent, sent + BATCH):
            await queue.put(Data(seq, SMALL))
        sent += BATCH
    await queue.put(None)
    await consumer
    confirm(count, sent)
    return sent / (perf_counter() - start)


async def _futures(seconds: float) -> list[float]:
    loop = asyncio.get_running_loop()
    times: list[float] = []
    until = Until(seconds)
    while not until.over():
        start = perf_counter()
        future: asyncio.Future[Echo] = loop.create_future()
        loop.call_soon(future.set_result, Echo(len(times), SMALL))
        await future
        times.append(perf_counter() - start)
    return times
