"""What runs in a worker process: a bus with the reactors that it was told of, and the link to its node.

Law 1. It has no peers, no identity and no file of the node's. What it sends beyond itself goes through the node.
Law 2. When the link is gone so is the worker: at once, whatever its handlers are at.
Law 3. Signals reach the node alone: it is in a session of its own.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from dataclasses import replace
from functools import partial
from math import inf
from random import SystemRandom
from typing import Any, Final

from ...actors.base import get_logger, text_of
from ...actors.bus import Bus
from ...actors.engine import Here, new_event_loop
from ...actors.event_stream import Subscription
from ...actors.messages import ActorStarted, ActorTerminated
from ...transports.connection import (
    ConnectionEnded,
    Greeted,
    InsideConnection,
    SharedByConnections,
    greet,
)
from ...transports.streams import Stream, stream_of_pair
from ...transports.wire import Codecs, Hello
from .outside import Outside
from .setup import WorkerSetup, inside_hello, read_setup
from .talk import GATE, WORKER, WorkerStarted
from .worker_desk import WorkerDesk, WorkerReports

__all__ = ["WorkerRun", "run_worker"]

log = get_logger("peerbus.workers")

#: Bytes that the other side may make this one hold: it is this very node, and what it holds is bounded by credit.
UNBOUNDED: Final = 1 << 40


def run_worker(link: socket.socket, data: bytes) -> int:
    """Be the worker that the node at the other end of `link` has asked for; returns the exit status."""
    setup = read_setup(data)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(_run(link, setup))


async def _run(link: socket.socket, setup: WorkerSetup) -> int:
    stream = await stream_of_pair(link, f"worker/{setup.worker}")
    return await WorkerRun(setup).run(stream)


class WorkerRun:
    """One run of a worker, from the first word to the last.

    Tasks: this one (waits for: the word to end, or the end of the link); one that tells the node of reactors which
    start and stop (waits for: facts; feeds: the connection); those of `WorkerReports`.
    """

    def __init__(self, setup: WorkerSetup) -> None:
        self._setup = setup
        self._bus = Bus(setup.node, shutdown_timeout=setup.shutdown_timeout, slow_handler=setup.slow_handler)
        self._bus.node_id = setup.node_id
        self._codecs = Codecs(self._bus.channels, Here(self._bus))
        self._end = asyncio.Event()
        self._told_to_end = False

    async def run(self, stream: Stream, *, dialed: bool = True) -> int:
        """Until the node says that it is over; returns the exit status."""
        setup, bus = self._setup, self._bus
        own = inside_hello(setup.worker_id, setup.worker, SystemRandom().getrandbits(63), os.urandom(16))
        greeted = await greet(stream, own, self._judge, dialed=dialed)
        for channel in (GATE, WORKER):
            bus.declare(channel)
        async with bus:
            bus.spawn(partial(WorkerDesk, bus, self._told))
            actor = await self._connect(greeted)
            bus.outward = Outside(setup.worker, bus, self._codecs, actor.way)
            reports = WorkerReports(setup.worker, bus, actor.way, setup.level)
            with bus.subscribe(ActorStarted, ActorTerminated) as facts:
                announcing = asyncio.ensure_future(self._announce(facts, actor))
                self._announce_one(WORKER.name, actor)
                why = await self._start_reactors(actor)
                await actor.way.ask(
                    GATE.name,
                    WorkerStarted(setup.worker, os.getpid(), why),
                    sender=None,
                    deadline=bus.loop.time() + 60.0,
                    reply=None,
                )
                if why:
                    return 1
                reports.start()
                await self._end.wait()
                reports.flush()
                await bus.aclose()
                reports.close()
                announcing.cancel()
        return 0 if self._told_to_end else 1

    async def _connect(self, greeted: Greeted) -> InsideConnection:
        bus = self._bus
        shared = SharedByConnections(bus.loop, memory=UNBOUNDED)
        inside = replace(greeted, inside=True)
        make = partial(InsideConnection, inside, self._codecs, self._lost, shared=shared, patience=inf)
        ref = bus.spawn(make, name="peerbus.node-link")
        await bus.started(ref)
        actor = ref._cell.actor
        assert isinstance(actor, InsideConnection)
        return actor

    def _judge(self, hello: Hello) -> tuple[str, str] | None:
        wanted = self._setup.parent_id
        return None if hello.node_id == wanted else ("node_id", f"this worker belongs to {wanted}")

    async def _start_reactors(self, actor: InsideConnection) -> str:
        """Import and start them; returns why that failed."""
        setup, bus = self._setup, self._bus
        for known in setup.channels:
            try:
                bus.declare(known.load())
            except (ImportError, AttributeError, ValueError, TypeError) as error:
                log.debug("a channel is not known here", channel=known.name, why=str(error))
        try:
            for path in setup.reactors:
                ref = bus.spawn(path.factory())
                await bus.started(ref)
                self._announce_one(str(ref._cell), actor)
        except Exception as error:  # noqa: BLE001  # the node says it to whoever starts it
            return f"{type(error).__name__}: {text_of(error)}"
        return ""

    async def _announce(self, facts: Subscription[Any], actor: InsideConnection) -> None:
        async for fact in facts:
            if isinstance(fact, ActorStarted):
                self._announce_one(fact.actor, actor)
            elif isinstance(fact, ActorTerminated) and fact.actor in self._bus.channels and not self._bus.closing:
                actor.withdraw(fact.actor)

    def _announce_one(self, name: str, actor: InsideConnection) -> None:
        codec = self._codecs.get(name)
        if codec is not None and self._bus.cell(name) is not None:
            actor.announce(codec.info)

    def _told(self, within: float) -> None:
        self._bus.shutdown_timeout = within
        self._told_to_end = True
        self._end.set()

    def _lost(self, event: ConnectionEnded) -> None:
        if not self._bus.closing:
            os._exit(1)  # law 2
