"""One peer floods a reactor, nine others ask it a hundred times a second: what the nine notice."""

from __future__ import annotations

import asyncio
import contextlib
from time import perf_counter

from peerbus.actors import SendError

from . import receiver
from .finding import Finding, at_most, exactly, plain
from .messages import Echo, Job
from .process import child
from .sender import Sender, connected, peer_of, quantile

__all__ = ["fairness", "flood"]

OTHERS = 9
#: Seconds between two asks of one of the nine.
INTERVAL = 0.01
#: Bounds of the nine's median against idle, and of their 99th percentile in seconds.
MEDIAN, TAIL = 4.0, 0.020


async def fairness(seconds: float) -> list[Finding]:
    """Ask for so long without the flood, and for so long with it."""
    with child("receiver") as endpoint:
        async with contextlib.AsyncExitStack() as stack:
            nodes = [await stack.enter_async_context(connected(f"peer{n}", endpoint)) for n in range(OTHERS)]
            senders = [Sender(node, peer_of(endpoint)) for node in nodes]
            await _all(senders, min(seconds, 1.0))
            idle, idle_failed = await _all(senders, seconds)
            with child("flood", endpoint):
                before = await senders[0].report()
                began = perf_counter()
                busy, failed = await _all(senders, seconds)
                flooded = ((await senders[0].report()).handled - before.handled) / (perf_counter() - began)
            return [
                plain("the flood's messages taken", flooded, "/s"),
                plain("asks of the nine", len(idle) + len(busy)),
                plain("idle p50", quantile(idle, 0.5) * 1e3, "ms"),
                plain("idle p99", quantile(idle, 0.99) * 1e3, "ms"),
                plain("p50", quantile(busy, 0.5) * 1e3, "ms"),
                at_most("p50, of idle", quantile(busy, 0.5) / quantile(idle, 0.5), MEDIAN, "×"),
                at_most("p99", quantile(busy, 0.99) * 1e3, TAIL * 1e3, "ms"),
                exactly("asks that failed", idle_failed + failed, 0),
            ]


async def _all(senders: list[Sender], seconds: float) -> tuple[list[float], int]:
    times: list[float] = []
    failed = 0

    async def ask(sender: Sender, offset: float) -> None:
        nonlocal failed
        start = perf_counter() + offset
        number = 0
        while (due := start + number * INTERVAL) < start + seconds:
            await asyncio.sleep(max(0.0, due - perf_counter()))
            number += 1
            sent = perf_counter()
            try:
                await sender.node.ask(sender.to / receiver.Jobs, Echo(number), reply=Echo)
            except SendError:
                failed += 1
            else:
                times.append(perf_counter() - sent)

    await asyncio.gather(*(ask(sender, n * INTERVAL / OTHERS) for n, sender in enumerate(senders)))
    return times, failed


async def flood(endpoint: str) -> None:
    """Another process: send as fast as it can, until it is cancelled."""
    async with connected("flood", endpoint) as node:
        to = Sender(node, peer_of(endpoint)).to / receiver.Jobs
        print("flooding", flush=True)  # read by the process that started it
        number = 0
        while True:
            await node.tell(to, Job(0, number, bytes(100)))
            number += 1
            if not number % 64:
                await asyncio.sleep(0)
