"""The worker processes of one node: they begin before its reactors, and end after them.

Owner of the fork server, of the gate by which workers send to peers, and of one keeper for each worker.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections import ChainMap
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import msgspec

from ...actors.base import ConfigError, PeerbusError, RemoteError, get_logger, new_task
from ...actors.bus import Bus
from ...actors.engine import Body, Here
from ...actors.messages import ActorFailed, ActorRestarted, ActorStarted, ActorTerminated, HandlerStalled
from ...actors.reactor import Reactor
from ...transports.connection import greet
from ...transports.streams import Endpoint, Identity, stream_of_pair
from ...transports.wire import Codecs, Hello
from .awaiting import AwaitingKeeper
from .door import ElsewhereRuns, WorkerDoor
from .factory_path import FactoryPath
from .fork_server import ForkServer, WorkerProcess
from .gate import Gate, WorkerTold
from .keeper import WorkerEnded, WorkerKeeper, WorkerPlace, WorkerRuns
from .member_keeper import MemberPlace, keeper_class
from .setup import channel_called, inside_hello
from .talk import (
    WORKER,
    EventsOf,
    LogLines,
    MemberOver,
    MemberRests,
    PeerEnded,
    WorkerFigures,
    WorkerLeaves,
    WorkerStarted,
)
from .tracing import TRACES, TRACING_MODULE
from .worker import Worker

__all__ = ["WorkerView", "Workers"]

log = get_logger("peerbus.workers")


@dataclass(frozen=True, slots=True)
class WorkerView:
    """A worker at one instant. `state`: `running`, `starting`, `waiting` (to be begun anew) or `ended`.

    `begun`: processes so far; `ended`: how the last one ended. Of what it says of itself once a second: bytes of
    memory, seconds of processor time, seconds by which its loop was late, messages in mailboxes, sends to its actors.
    """

    name: str
    state: str
    pid: int
    reactors: tuple[str, ...]
    begun: int
    ended: str
    memory: int = 0
    cpu: float = 0.0
    lag: float = 0.0
    queued: Mapping[str, int] | None = None
    delivered: Mapping[str, int] | None = None
    failed: Mapping[str, int] | None = None
    dead_letters: Mapping[str, int] | None = None
    restarts: int = 0
    #: Where one came from that runs elsewhere, or is awaited; empty: the node starts it.
    at: str = ""
    #: The pool that it runs a member of; empty: it runs what it was named for.
    pool: str = ""


class Workers:
    """See the module. On the loop's thread."""

    def __init__(
        self,
        bus: Bus,
        codecs: Codecs,
        workers: Mapping[str, Worker],
        identity: Identity,
        members: Sequence[FactoryPath] = (),
    ) -> None:
        self._bus = bus
        self._codecs = codecs
        self._workers = dict(workers)
        self._places: dict[str, WorkerPlace] = {}
        self._own = [worker for worker in workers.values() if not worker.listen]
        paths = [*(path for worker in self._own for path in worker.paths), *members]
        preload = [path.path.partition(":")[0] for path in paths]
        if bus.tracer is not None:
            preload.insert(0, TRACING_MODULE)
        self._server = ForkServer(bus.name, preload)
        self._identity = identity
        #: By the places where workers come in that run elsewhere.
        self._doors: dict[str, WorkerDoor] = {}
        #: What has begun, once for all of them: the gate, the fork server.
        self._begun: dict[str, asyncio.Task[None]] = {}
        bus.actors.processes = self
        self._incarnation = bus.rng.getrandbits(63)
        for worker in workers.values():
            for reactor in worker.classes:
                bus.declare(reactor.declared_channel())

    def __bool__(self) -> bool:
        return bool(self._workers)

    @property
    def _words(self) -> tuple[str, ...]:
        """What its workers are to know of the node as they begin."""
        return () if self._bus.tracer is None else (TRACES,)

    @property
    def classes(self) -> dict[str, tuple[type[Reactor], ...]]:
        """What each of them runs, by its name."""
        return {name: worker.classes for name, worker in self._workers.items()}

    async def start(self) -> None:
        """Start all of them, one after the other. Raises what the first one that cannot be started raises."""
        if not self._workers:
            return
        bus = self._bus
        await self._once("gate", self._open_gate)
        if self._own:
            await self._once("fork server", self._server.start)
        for name, worker in self._workers.items():
            if worker.listen:
                self._door(worker.listen).keys[name] = worker.worker_id
        for door in self._doors.values():
            await door.open()
        for name, worker in self._workers.items():
            begins = self._came if worker.listen else self._forked
            place = self._places[name] = WorkerPlace(name, worker, bus, self._codecs, self._incarnation, begins)
            keeper = partial(AwaitingKeeper if worker.listen else WorkerKeeper, place)
            place.keeper = ref = bus.spawn(keeper, name=f"worker-{name}", supervision=worker.policy)
            bus.actors.end_of(ref._cell).add_done_callback(
                lambda _, place=place: place.finish("it is not begun any more")  # type: ignore[misc]  # a default of a lambda
            )
            await bus.started(ref)

    async def _once(self, what: str, begin: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Begin what all of them need, where that has not begun. Raises PeerbusError."""
        bus = self._bus
        if what not in self._begun:
            self._begun[what] = new_task(begin(), loop=bus.loop, name=f"peerbus {bus.name} {what} begins")
        await asyncio.shield(self._begun[what])

    async def _open_gate(self) -> None:
        bus = self._bus
        bus.declare(Gate.channel)
        bus.declare(WORKER)
        await bus.started(bus.spawn(partial(Gate, self._codecs, self._told, self._tell, self._tell_members)))

    # Members of pools.

    def stand_in(self, name: str, factory: Callable[[], Body], prefetch: int) -> Callable[[], Body]:
        """As `RunsProcesses.stand_in`."""
        bus, worker = self._bus, Worker([factory])
        if name in self._places:
            raise ConfigError(f"a worker is called {name!r} already, as the pool's member would be")
        channel = bus.channels.tuned(worker.classes[0].declared_channel())
        known = Codecs(ChainMap({name: channel_called(name, channel)}, bus.channels), Here(bus))
        bus.books.counted_as[name] = channel.name
        place = MemberPlace(name, worker, bus, known, self._incarnation, self._forked_member, prefetch)
        place.ended_for_good = partial(self._places.pop, name, None)
        self._places[name] = place
        return partial(keeper_class(worker), place)

    async def _forked_member(self, place: WorkerPlace, ended: Callable[[str], None]) -> tuple[WorkerRuns, Any]:
        await self._once("gate", self._open_gate)
        await self._once("fork server", self._server.start)
        return await self._forked(place, ended)

    async def aclose(self) -> None:
        """End the fork server, and let nobody in; the workers have ended with their keepers. Idempotent."""
        for task in self._begun.values():
            task.cancel()
        await asyncio.gather(*self._begun.values(), return_exceptions=True)
        for place in tuple(self._places.values()):
            place.finish("the node has ended")
        for door in self._doors.values():
            await door.aclose()
        await self._server.aclose()

    def _door(self, listen: str) -> WorkerDoor:
        bus, place = self._bus, Endpoint.parse(listen)
        if listen not in self._doors:
            door = WorkerDoor(bus.name, bus.node_id, self._identity, place, self._incarnation, self._words)
            self._doors[listen] = door
        return self._doors[listen]

    async def _came(self, place: WorkerPlace, ended: Callable[[str], None]) -> tuple[WorkerRuns, Any]:
        greeted = await self._doors[place.worker.listen].next(place.name)
        return ElsewhereRuns(greeted.stream, ended), greeted

    async def _forked(self, place: WorkerPlace, ended: Callable[[str], None]) -> tuple[WorkerRuns, Any]:
        bus = self._bus
        setup = place.setup()
        process: WorkerProcess = await self._server.fork(msgspec.msgpack.encode(setup), ended)
        try:
            stream = await stream_of_pair(process.stream, f"worker/{place.name}")
            channels, nonce = tuple(place.channels()), os.urandom(16)
            own = inside_hello(bus.node_id, bus.name, self._incarnation, nonce, channels, self._words)
            wanted = setup.worker_id

            def judge(hello: Hello) -> tuple[str, str] | None:
                return None if hello.node_id == wanted else ("node_id", "this is another worker")

            greeted = await greet(stream, own, judge, dialed=False)
        except BaseException as error:
            process.kill()
            await process.over.wait()
            if isinstance(error, Exception):
                why = f"worker {place.name!r} did not begin: its process {place.ended}"
                raise WorkerEnded(why) from error
            raise
        return process, replace(greeted, inside=True)

    # What workers say of themselves.

    def _told(self, said: WorkerTold) -> None:
        place = self._places.get(said.worker)
        if place is None:
            return
        match said:
            case MemberRests() | MemberOver():
                if isinstance(place, MemberPlace):
                    place.hear(said)
            case WorkerStarted():
                place.started(said)
            case WorkerFigures():
                place.figures = said
            case WorkerLeaves():
                place.leaves()
            case LogLines():
                self._log(said)
            case EventsOf():
                for kind, actor, text, number in said.events:
                    self._bus.publish(_event(kind, f"{actor}@{said.worker}", text, number))

    def _tell_members(self, said: ActorStarted | ActorTerminated) -> None:
        members = [place for place in self._places.values() if place.member]
        for place in members:
            if isinstance(said, ActorStarted):
                place.announce(said.actor)
            elif said.actor in self._bus.channels and not self._bus.closing:
                place.withdraw(said.actor)

    def _tell(self, worker: str, message: PeerEnded) -> None:
        place = self._places.get(worker)
        if place is not None:
            place.tell(message)

    def _log(self, said: LogLines) -> None:
        for name, level, at, text, trace in said.lines:
            structlog = sys.modules.get("structlog")
            if structlog is not None and structlog.is_configured():
                logger = structlog.get_logger(name)
                logger.log(level, text, worker=said.worker, **({"traceback": trace} if trace else {}))
                continue
            standard = logging.getLogger(name)
            if standard.isEnabledFor(level):
                record = standard.makeRecord(name, level, "", 0, "%s", (f"{text} worker={said.worker}",), None)
                record.created, record.exc_text = at, trace or None
                vars(record)["worker"] = said.worker
                standard.handle(record)
        if said.dropped:
            log.warning("lines of a worker's log were dropped", worker=said.worker, count=said.dropped)

    # What there is to see.

    def views(self) -> tuple[WorkerView, ...]:
        """All of them, in the order in which they were named."""
        return tuple(map(_view, self._places.values()))

    def place(self, name: str) -> WorkerPlace:
        """One of them. Raises PeerbusError."""
        found = self._places.get(name)
        if found is None:
            raise PeerbusError(f"{self._bus.name} has no worker {name!r}; it has {', '.join(self._places) or 'none'}")
        return found


def _event(kind: str, actor: str, text: str, number: int) -> object:
    if kind == "ActorRestarted":
        return ActorRestarted(actor, number)
    first, *rest = text.split("\n")
    if kind == "ActorFailed":
        code, *more = rest
        return ActorFailed(actor, RemoteError(code, "\n".join(more)), first)
    message, *stack = rest
    return HandlerStalled(actor, first, message, number / 1000, tuple(stack))


def _view(place: WorkerPlace) -> WorkerView:
    names = tuple(reactor.declared_channel().name for reactor in place.worker.classes)
    cell = None if place.keeper is None else place.keeper._cell
    state = "running" if place.running else "ended" if cell is None or cell.stopped.is_set() else "waiting"
    if state == "waiting" and place.process is not None and not place.process.over.is_set():
        state = "starting"
    pid = 0 if place.process is None or state in ("ended", "waiting") else place.process.pid
    where = place.process.where if place.elsewhere and pid and place.process else place.worker.listen
    pool = place.member.rpartition(".")[0]
    base = WorkerView(place.name, state, pid, names, place.begun, place.ended, at=where, pool=pool)
    said = place.figures
    if said is None or said.pid != pid:
        return base
    return replace(
        base,
        memory=said.memory,
        cpu=said.cpu,
        lag=said.lag,
        queued=said.queued,
        delivered=said.delivered,
        failed=said.failed,
        dead_letters=said.dead_letters,
        restarts=said.restarts,
    )
