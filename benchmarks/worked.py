"""What other processes of one node are worth: asks of a worker, work that two of them share, and who notices."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from time import perf_counter

from peerbus.actors import LOCAL, Address, Channel, Message, Pool, Reactor, Request, handles
from peerbus.node import Node

from .messages import HUGE, SMALL
from .run import DEADLINE, Run
from .timing import Until, in_flight, latencies, percentiles

__all__ = ["asked", "burdened", "large", "shared"]

#: Rounds of arithmetic in one piece of work: some milliseconds.
ROUNDS = 60_000
#: Asks of work that are under way for each worker: one that is at work, and those that it has at hand.
AHEAD = 3


class WorkerEcho(Message, Request["WorkerEcho"]):
    """An ask. The worker answers with the message itself."""

    seq: int
    payload: bytes


class Crunch(Message, Request[int]):
    """Compute, and answer with the sum."""

    rounds: int


_MESSAGES = (WorkerEcho, Crunch)


class Apart(Reactor):
    """In a process of its own."""

    channel = Channel("apart", messages=_MESSAGES, timeout=DEADLINE)

    @handles(WorkerEcho)
    def echo(self, message: WorkerEcho) -> WorkerEcho:
        return message

    @handles(Crunch)
    def crunch(self, message: Crunch) -> int:
        total = 0
        for number in range(message.rounds):
            total += number * number % 7
        return total


class Own(Apart):
    """In the node's own process."""

    channel = Channel("own", messages=_MESSAGES, timeout=DEADLINE)


def asked(run: Run) -> Mapping[str, float]:
    """Asks of 100 B to a reactor that a worker of the node runs."""
    return run.main(_asked(run))


async def _asked(run: Run) -> dict[str, float]:
    async with Node("bench", processes={"apart": [Apart]}) as node:
        to: Address[WorkerEcho | Crunch] = LOCAL / Apart
        await latencies(lambda seq: node.ask(to, WorkerEcho(seq, SMALL)), Until(run.warm_up))
        times = await latencies(lambda seq: node.ask(to, WorkerEcho(seq, SMALL)), Until(run.seconds))
        figures = {f"ask {name}": value for name, value in percentiles(times).items()}
        figures["in flight"] = await in_flight(lambda seq: node.ask(to, WorkerEcho(seq, SMALL)), Until(run.seconds))
        return figures


def large(run: Run) -> Mapping[str, float]:
    """Asks of 1 MiB to a reactor that a worker of the node runs."""
    return run.main(_large(run))


async def _large(run: Run) -> dict[str, float]:
    async with Node("bench", processes={"apart": [Apart]}) as node:
        to: Address[WorkerEcho | Crunch] = LOCAL / Apart
        await latencies(lambda seq: node.ask(to, WorkerEcho(seq, HUGE)), Until(run.warm_up))
        times = await latencies(lambda seq: node.ask(to, WorkerEcho(seq, HUGE)), Until(run.seconds))
        return {f"ask 1 MiB {name}": value for name, value in percentiles(times).items()}


def shared(run: Run) -> Mapping[str, float]:
    """Asks that compute for some milliseconds, of a pool with one worker process, and with two."""
    return run.main(_shared(run))


async def _shared(run: Run) -> dict[str, float]:
    figures = {}
    for count in (1, 2):
        async with Node("bench", reactors=[Pool(Apart, processes=count)]) as node:
            await _crunched(node, count, run.warm_up)
            figures[f"{count} worker{'s' * (count > 1)}"] = await _crunched(node, count, 2 * run.seconds)
    return figures


async def _crunched(node: Node, count: int, seconds: float) -> float:
    """Pieces of work a second."""
    until, numbers, start = Until(seconds), itertools.count(), perf_counter()

    async def work() -> None:
        while not until.over():
            await node.ask(LOCAL / Apart, Crunch(ROUNDS))
            next(numbers)

    await asyncio.gather(*(work() for _ in range(AHEAD * count)))
    return next(numbers) / (perf_counter() - start)


def burdened(run: Run) -> Mapping[str, float]:
    """Asks of the node's own actor while its worker rests, and while that computes without a pause."""
    return run.main(_burdened(run))


async def _burdened(run: Run) -> dict[str, float]:
    figures = {}
    async with Node("bench", reactors=[Own, Pool(Apart, processes=1)]) as node:
        for name in ("idle", "burdened"):
            until = Until(run.warm_up + 2 * run.seconds)
            work = [asyncio.ensure_future(_keep_busy(node, until)) for _ in range(AHEAD * (name == "burdened"))]
            await latencies(lambda seq: node.ask(LOCAL / Own, WorkerEcho(seq, SMALL)), Until(run.warm_up))
            times = await latencies(lambda seq: node.ask(LOCAL / Own, WorkerEcho(seq, SMALL)), Until(2 * run.seconds))
            for quantile, value in percentiles(times).items():
                figures[f"{name} {quantile}"] = value
            await asyncio.gather(*work)
    return figures


async def _keep_busy(node: Node, until: Until) -> None:
    while not until.over():
        await node.ask(LOCAL / Apart, Crunch(ROUNDS))
