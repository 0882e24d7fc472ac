"""One channel is stalled, or pushes 10 MB messages: what asks on another channel, and to another peer, notice."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from time import perf_counter

from peerbus.actors import Address, SendError

from . import receiver
from .finding import Finding, at_most, exactly, plain
from .messages import Block, Echo, Stall
from .process import child
from .sender import Sender, connected, peer_of, quantile

__all__ = ["head_of_line"]

#: Interleaved rounds, so that what the machine does meanwhile meets all of them.
ROUNDS = 5
#: Bounds of the median and of the 99th percentile against idle, beside a stalled channel.
STALLED_MEDIAN, STALLED_TAIL = 1.3, 2.0
#: The same beside large messages; the tail in seconds.
LARGE_MEDIAN, LARGE_TAIL = 4.0, 0.020
LARGE = 10_000_000
#: Messages that wait for credit on the stalled channel, beside those that took it.
WAITING = 64


async def head_of_line(seconds: float) -> list[Finding]:
    """Ask for about so long, in rounds: idle, beside a stalled channel, beside large messages."""
    with child("receiver") as endpoint, child("receiver") as other:
        async with connected("sender", endpoint, other) as node, connected("staller", endpoint) as second:
            here, there = Sender(node, peer_of(endpoint)), Sender(node, peer_of(other))
            beside = Sender(second, peer_of(endpoint))
            each = seconds / ROUNDS / 5
            times: dict[str, list[float]] = {name: [] for name in ("idle", "stalled", "large", "other idle", "other")}
            await _asks(here, each)
            await _asks(there, each)
            pushed = 0
            for _ in range(ROUNDS):
                times["idle"] += await _asks(here, each)
                times["other idle"] += await _asks(there, each)
                async with _pushing(here) as push:
                    times["large"] += await _asks(here, each)
                    times["other"] += await _asks(there, each)
                pushed += push.count
            # Stalled once, it stays: so these rounds have a node of their own, and an idle one beside it each time.
            plain_times: list[float] = []
            async with _stalled(beside) as stalled:
                for _ in range(ROUNDS):
                    plain_times += await _asks(here, each)
                    times["stalled"] += await _asks(beside, each)
            return [
                plain("idle p50", _ms(times["idle"], 0.5), "ms"),
                plain("idle p99", _ms(times["idle"], 0.99), "ms"),
                plain("sends that wait for the stalled channel", stalled),
                at_most(
                    "beside a stalled channel: p50, of idle",
                    _ratio(times["stalled"], plain_times, 0.5),
                    STALLED_MEDIAN,
                    "×",
                ),
                at_most(
                    "beside a stalled channel: p99, of idle",
                    _ratio(times["stalled"], plain_times, 0.99),
                    STALLED_TAIL,
                    "×",
                ),
                plain("10 MB messages pushed", pushed),
                at_most(
                    "beside 10 MB messages: p50, of idle", _ratio(times["large"], times["idle"], 0.5), LARGE_MEDIAN, "×"
                ),
                at_most("beside 10 MB messages: p99", _ms(times["large"], 0.99), LARGE_TAIL * 1e3, "ms"),
                at_most(
                    "to another peer meanwhile: p50, of idle",
                    _ratio(times["other"], times["other idle"], 0.5),
                    LARGE_MEDIAN,
                    "×",
                ),
                at_most("to another peer meanwhile: p99", _ms(times["other"], 0.99), LARGE_TAIL * 1e3, "ms"),
                exactly("connections lost", (await here.report()).connections_lost, 0),
            ]


def _ms(times: list[float], fraction: float) -> float:
    return quantile(times, fraction) * 1e3


def _ratio(times: list[float], idle: list[float], fraction: float) -> float:
    return quantile(times, fraction) / quantile(idle, fraction)


async def _asks(sender: Sender, seconds: float) -> list[float]:
    to: Address[Echo] = sender.to / receiver.Quick
    times: list[float] = []
    end = perf_counter() + seconds
    while (start := perf_counter()) < end:
        await sender.node.ask(to, Echo(len(times)), reply=Echo)
        times.append(perf_counter() - start)
        await asyncio.sleep(0.001)
    return times


class _Push:
    def __init__(self) -> None:
        self.count = 0


@contextlib.asynccontextmanager
async def _pushing(sender: Sender) -> AsyncIterator[_Push]:
    """Large messages, one after the other as fast as credit comes."""
    push = _Push()
    data = bytes(LARGE)

    async def run() -> None:
        while True:
            await sender.node.tell(sender.to / receiver.Blocks, Block(data), timeout=30.0)
            push.count += 1

    task = asyncio.ensure_future(run())
    try:
        await asyncio.sleep(0.1)
        yield push
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.sleep(0.5)


@contextlib.asynccontextmanager
async def _stalled(sender: Sender) -> AsyncIterator[int]:
    """A channel without credit, and sends that wait for it."""

    async def send() -> None:
        with contextlib.suppress(SendError):
            await sender.node.tell(sender.to / receiver.Stalled, Stall(bytes(1000)), timeout=600.0)

    tasks = [asyncio.ensure_future(send()) for _ in range(receiver.Stalled.channel.window + WAITING)]
    try:
        await asyncio.sleep(1.0)
        yield sum(not task.done() for task in tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
