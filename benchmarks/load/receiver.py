"""The receiving process: a node with reactors that are slow, quick, stalled, or fed with large messages."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Callable
from time import perf_counter

from peerbus.actors import Actor, Channel, Reactor, handles
from peerbus.discovery import PeerDown
from peerbus.node import Node

from .messages import Block, Echo, Job, Pace, Report, Reported, Stall
from .resident import Peak, resident

__all__ = ["BUCKET", "Blocks", "Control", "Jobs", "Quick", "Stalled", "node", "serve"]

#: The network's name: these nodes talk to nobody else.
NETWORK = "load"
#: Seconds of one count in a report.
BUCKET = 0.05
#: A pause below this cannot be slept: the handler computes for that long.
SHORTEST_SLEEP = 0.001


class Books:
    """What the jobs leave behind."""

    def __init__(self) -> None:
        self.pace = 0.0
        self.handled = self.disorder = 0
        self.last: dict[int, int] = {}
        self.begin()

    def begin(self) -> None:
        """Count by time anew."""
        self.start = perf_counter()
        self.counts: list[int] = []

    def count(self, job: Job) -> None:
        """One job is done."""
        self.handled += 1
        if job.seq <= self.last.get(job.lane, -1):
            self.disorder += 1
        self.last[job.lane] = job.seq
        bucket = int((perf_counter() - self.start) / BUCKET)
        while len(self.counts) <= bucket:
            self.counts.append(0)
        self.counts[bucket] += 1


class Jobs(Reactor):
    """Takes its time for each job."""

    channel = Channel("jobs", messages=(Job, Echo))

    def __init__(self, books: Books) -> None:
        super().__init__()
        self._books = books

    @handles(Job)
    async def work(self, job: Job) -> int:
        pace = self._books.pace
        if pace >= SHORTEST_SLEEP:
            await asyncio.sleep(pace)
        elif pace:
            end = perf_counter() + pace
            while perf_counter() < end:
                pass
        self._books.count(job)
        return job.seq

    @handles(Echo)
    def echo(self, message: Echo) -> Echo:
        return message


class Quick(Reactor):
    """Answers at once."""

    channel = Channel("quick", messages=(Echo,))

    @handles(Echo)
    def echo(self, message: Echo) -> Echo:
        return message


class Stalled(Reactor):
    """Takes one message, and no other."""

    channel = Channel("stalled", messages=(Stall,))

    @handles(Stall)
    async def stall(self, message: Stall) -> None:
        await asyncio.Event().wait()


class Blocks(Reactor):
    """Takes large messages."""

    channel = Channel("blocks", messages=(Block,), max_message=16 << 20)

    @handles(Block)
    def take(self, message: Block) -> None: ...


class Control(Reactor):
    """Sets the pace, and reports."""

    channel = Channel("control", messages=(Pace, Report, Reported), priority=255)

    def __init__(self, books: Books) -> None:
        super().__init__()
        self._books = books
        self._peak = Peak()
        self._lost = 0

    def on_start(self) -> None:
        self.bus.subscribe_actor(self.actor_ref, PeerDown)

    def on_stop(self) -> None:
        self._peak.close()

    @handles(PeerDown)
    def down(self, event: PeerDown) -> None:
        self._lost += 1

    @handles(Pace)
    def set_pace(self, message: Pace) -> None:
        self._books.pace = message.seconds
        self._books.begin()
        gc.collect()
        self._peak.reset()

    @handles(Report)
    def report(self, message: Report) -> Reported:
        books = self._books
        return Reported(books.handled, books.disorder, resident(), self._peak.bytes, self._lost, books.counts[-4000:])


def node(name: str, *, peers: tuple[str, ...] = ()) -> Node:
    """A node that knows the channels and runs none of their reactors: TCP with TLS, the default."""
    channels = [reactor.channel for reactor in (Jobs, Quick, Stalled, Blocks, Control)]
    return Node(name, network=NETWORK, peers=peers, channels=channels)


def serve() -> None:
    """Run a receiver, print where it listens, until the process that started it goes away."""
    asyncio.run(_serve())


async def _serve() -> None:
    books = Books()
    reactors: list[Callable[[], Actor]] = [lambda: Jobs(books), Quick, Stalled, Blocks, lambda: Control(books)]
    async with Node(
        "receiver", network=NETWORK, listen=["tcp://127.0.0.1:0"], reactors=reactors, shutdown_timeout=0.5
    ) as receiver:
        print(receiver.endpoints[0], flush=True)  # read by the process that started it
        await asyncio.to_thread(sys.stdin.read)
