"""What runs in a worker process: a bus with the reactors that it was told of, and the link to its node.

Law 1. It has no peers, no identity and no file of the node's. What it sends beyond itself goes through the node.
Law 2. When the link is gone so is the worker: at once, whatever its handlers are at.
Law 3. Signals reach the node alone: it is in a session of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from dataclasses import replace
from functools import partial
from math import inf
from random import SystemRandom
from typing import Any, Final

from ...actors.base import SendError, get_logger, text_of
from ...actors.bus import Bus
from ...actors.engine import Here, new_event_loop
from ...actors.event_stream import Subscription
from ...actors.messages import ActorStarted, ActorTerminated
from ...actors.traced_sends import trace_sends
from ...transports.connection import (
    ConnectionEnded,
    Greeted,
    InsideConnection,
    SharedByConnections,
    greet,
    plain_channel,
)
from ...transports.sending import InsideLink
from ...transports.streams import Stream, stream_of_pair
from ...transports.wire import Codecs, Hello
from ..process import keep_freed_memory
from .factory_path import FactoryPath
from .outside import Outside
from .seat import SEAT, MemberSeat
from .setup import WorkerSetup, channel_called, inside_hello, read_setup, worker_agent
from .talk import GATE, WORKER, WorkerLeaves, WorkerStarted
from .tracing import TRACES, worker_tracing
from .worker_desk import WorkerDesk, WorkerReports

__all__ = ["WorkerRun", "run_worker"]

log = get_logger("peerbus.workers")

#: Bytes that the other side may make this one hold: it is this very node, and what it holds is bounded by credit.
UNBOUNDED: Final = 1 << 40
#: Seconds in which the node says what is to be done here.
BEGIN_WITHIN: Final = 60.0


def run_worker(link: socket.socket, data: bytes) -> int:
    """Be the worker that the node at the other end of `link` has asked for; returns the exit status."""
    setup = read_setup(data)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(_run(link, setup))


async def _run(link: socket.socket, setup: WorkerSetup) -> int:
    stream = await stream_of_pair(link, f"worker/{setup.worker}")
    run = WorkerRun(setup.worker, setup.worker_id, setup.parent_id, setup)
    return await run.run(await run.greet(stream))


class WorkerRun:
    """One run of a worker, from the first word to the last. `parent`: the id of its node, empty where any will do.

    `setup`: what it is to do; None: the node says it, once they are connected.
    Tasks: this one (waits for: the word to end, or the end of the link); one that tells the node of reactors which
    start and stop (waits for: facts; feeds: the connection); those of `WorkerReports`.
    """

    def __init__(self, name: str, own_id: str, parent: str, setup: WorkerSetup | None = None) -> None:
        self._name = name
        self._own_id = own_id
        self._parent = parent
        self._setup = setup
        self._come: asyncio.Future[WorkerSetup] | None = None
        self._way: InsideLink | None = None
        self._end = asyncio.Event()
        self._told_to_end = False

    async def greet(self, stream: Stream, *, dialed: bool = True) -> Greeted:
        """Shake hands with the node. Raises as `peerbus.transports.connection.greet`."""
        info = Codecs({WORKER.name: WORKER}).get(WORKER.name)
        assert info is not None
        number = SystemRandom().getrandbits(63)
        own = inside_hello(self._own_id, self._name, number, os.urandom(16), (plain_channel(info.info),))
        return await greet(stream, own, self._judge, dialed=dialed)

    def _judge(self, hello: Hello) -> tuple[str, str] | None:
        if self._parent and hello.node_id != self._parent:
            return "node_id", f"this worker belongs to {self._parent}"
        agent = worker_agent()
        return None if hello.agent == agent else ("version", f"the worker runs {agent}, the node {hello.agent}")

    async def run(self, greeted: Greeted) -> int:
        """Until the node says that it is over; returns the exit status."""
        node = greeted.peer
        keep_freed_memory()
        self._bus = bus = Bus(node.name, slow_handler=None)
        tracing = worker_tracing(self._name) if TRACES in node.features else None
        if tracing is not None:
            trace_sends(bus, tracing.tracer_for(node.name))
        self._codecs = Codecs(bus.channels, Here(bus))
        bus.node_id = node.node_id
        self._come = asyncio.get_running_loop().create_future()
        for channel in (GATE, WORKER):
            bus.declare(channel)
        async with bus:
            bus.spawn(partial(WorkerDesk, bus, self._told, self._begun, self._closes))
            actor = await self._connect(greeted)
            if tracing is not None:
                tracing.connect(bus, actor.way)
            if self._setup is None:
                async with asyncio.timeout(BEGIN_WITHIN):
                    self._setup = await self._come
            setup = self._setup
            bus.shutdown_timeout = setup.shutdown_timeout
            bus.outward = Outside(setup.worker, bus, self._codecs, actor.way)
            reports = WorkerReports(setup.worker, bus, actor.way, setup.level)
            with bus.subscribe(ActorStarted, ActorTerminated) as facts:
                announcing = asyncio.ensure_future(self._announce(facts, actor))
                why = await self._start_reactors(setup, actor)
                reports.flush()  # the log of a worker that cannot start is of interest above all
                await actor.way.ask(
                    GATE.name,
                    WorkerStarted(setup.worker, os.getpid(), why),
                    sender=None,
                    deadline=bus.loop.time() + 60.0,
                    reply=None,
                )
                if why:
                    return 1
                self._way = actor.way
                reports.start()
                await self._end.wait()
                reports.flush()
                await bus.aclose()
                reports.close()
                announcing.cancel()
        return 0 if self._told_to_end else 1

    def leave(self) -> None:
        """It is to stop, by the word of whoever runs this process: the node ends it in order."""
        if self._way is None:
            os._exit(0)  # it has not begun
        self._leaves(self._way)

    def _leaves(self, way: InsideLink) -> None:
        with contextlib.suppress(SendError):
            way.tell(GATE.name, WorkerLeaves(self._name), None, None)

    def _closes(self) -> None:
        """Its bus closes. Where the node has not asked for that, it is to send nothing more, and the process ends."""
        if not self._told_to_end and self._way is not None:
            self._leaves(self._way)
            self._end.set()

    def _begun(self, data: bytes) -> None:
        assert self._come is not None
        if not self._come.done():
            self._come.set_result(read_setup(data))

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

    async def _start_reactors(self, setup: WorkerSetup, actor: InsideConnection) -> str:
        """Import and start them; returns why that failed."""
        bus = self._bus
        for known in setup.channels:
            try:
                bus.declare(known.load())
            except (ImportError, AttributeError, ValueError, TypeError) as error:
                log.debug("a channel is not known here", channel=known.name, why=str(error))
        try:
            if setup.member:
                await self._start_member(setup.member, setup.reactors[0], actor)
                return ""
            for path in setup.reactors:
                ref = bus.spawn(path.factory())
                await bus.started(ref)
                self._announce_one(str(ref._cell), actor)
        except Exception as error:  # the node says it to whoever starts it
            log.error("worker cannot start", exc_info=error)
            return f"{type(error).__name__}: {text_of(error)}"
        return ""

    async def _start_member(self, name: str, path: FactoryPath, actor: InsideConnection) -> None:
        bus = self._bus
        channel = path.load().declared_channel()
        bus.declare(channel_called(name, bus.channels.tuned(channel)))
        seat = bus.spawn(partial(MemberSeat, name, path.factory(), actor), name=SEAT)
        await bus.started(seat)
        self._announce_one(name, actor)

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
