"""The keeper of one worker, as an actor: it starts the process, and fails when that ends, so supervision decides.

What outlives the processes, one after the other, is `WorkerPlace`: the way to the worker while there is none, in which
sends wait; the words of the worker of itself; the counts.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import msgspec

from ...actors.actor import Actor
from ...actors.base import PeerbusError, SendError, get_logger
from ...actors.bus import Bus
from ...actors.engine import Ref, handles
from ...actors.messages import ActorStarted, ActorTerminated, ShutdownStarted, Terminated
from ...actors.router import LinkDown, LinkUp
from ...transports.connection import (
    SHUTTING_DOWN,
    ConnectionEnded,
    Greeted,
    InsideConnection,
    SharedByConnections,
    plain_channel,
)
from ...transports.sending import InsideLink
from ...transports.wire import ChannelInfo, Codecs
from .setup import WorkerSetup, channel_paths, unproven_id, worker_id
from .standing_link import link_without_process, standing_link
from .talk import GATE, WORKER, AwaitRest, BeginWorker, EndWorker, PeerEnded, WorkerFigures, WorkerStarted
from .worker import Worker

__all__ = ["Begins", "ProcessOver", "WorkerEnded", "WorkerKeeper", "WorkerPlace", "WorkerRuns"]

log = get_logger("peerbus.workers")

#: Seconds that a process has to begin: importing its reactors, and their `on_start`.
BEGIN_WITHIN = 60.0
#: Seconds that it has beyond its time to end, before it is killed.
GRACE = 1.0


#: Why a link ends whose process does, as by `sys.exit`: it has said so.
ENDS_BY_ITSELF = f"peer_{SHUTTING_DOWN}"


class WorkerEnded(PeerbusError):
    """The process of a worker has ended: it was killed, exited, or held its loop for longer than it may."""


@dataclass(frozen=True, slots=True)
class ProcessOver:
    """To a keeper: the process has ended, and this is how."""

    text: str


class WorkerRuns(Protocol):
    """What runs a worker, and can end it: a process that the node has forked, or one elsewhere."""

    #: Its process, as that calls itself.
    pid: int
    #: Where one came from that is elsewhere; empty for one that the node has forked.
    where: str
    #: Set when it has ended.
    over: asyncio.Event

    def kill(self) -> None:
        """End it, now."""


class Begins(Protocol):
    """How a worker is begun."""

    async def __call__(self, place: WorkerPlace, ended: Callable[[str], None], /) -> tuple[WorkerRuns, Greeted]:
        """Begin it; `ended` is told once how it ended. Raises PeerbusError."""


class WorkerPlace:
    """What the node has of one worker, whichever process that is now. On the loop's thread."""

    def __init__(self, name: str, worker: Worker, bus: Bus, codecs: Codecs, incarnation: int, begins: Begins) -> None:
        self.name = name
        self.worker = worker
        self._bus = bus
        self._codecs = codecs
        self._begins = begins
        #: It runs elsewhere, and comes by itself.
        self.elsewhere = bool(worker.listen)
        #: As what it calls itself.
        self.worker_id = worker.worker_id or (unproven_id(name) if self.elsewhere else worker_id(bus.node_id, name))
        self._incarnation = incarnation
        self._shared = SharedByConnections(bus.loop, memory=1 << 40)
        #: Processes that have begun.
        self.begun = 0
        #: How the last one ended; empty where none has.
        self.ended = ""
        #: What the worker said of itself last.
        self.figures: WorkerFigures | None = None
        self.process: WorkerRuns | None = None
        self.connection: InsideConnection | None = None
        self._started: asyncio.Future[None] | None = None
        self._standing: InsideLink | None = None
        self._ending = False
        #: Why the node has ended the process that runs now; empty where it has not.
        self._killed = ""
        self.keeper: Ref[WorkerKeeper] | None = None
        #: The member of a pool that it runs; empty where it runs none.
        self.member = ""

    @property
    def running(self) -> bool:
        """Its process runs, and its reactors have started."""
        return self.connection is not None and self.process is not None and not self.process.over.is_set()

    # Its begin.

    async def begin(self, keeper: WorkerKeeper) -> None:
        """Start a process, and wait until its reactors run. Raises PeerbusError."""
        if self._bus.closing and not self.elsewhere:
            raise self._bus.refusal()
        self.begun += 1
        self._killed = ""
        self._started = self._bus.loop.create_future()
        number = self.begun
        over = partial(self._over, number, keeper)
        try:
            async with asyncio.timeout(None if self.elsewhere else BEGIN_WITHIN) as limit:
                self.process, greeted = await self._begins(self, over)
                limit.reschedule(self._bus.loop.time() + BEGIN_WITHIN)
                make = partial(
                    InsideConnection,
                    greeted,
                    self._codecs,
                    partial(self._link_ended, number),
                    shared=self._shared,
                    order=number,
                    patience=self.worker.unresponsive,
                    keep=self._keep,
                )
                ref = self._bus.spawn(make, name=f"worker-{self.name}-link-{number}")
                actor = ref._cell.actor
                assert isinstance(actor, InsideConnection)
                self.connection = actor
                actor.way.tell_of_end = self._tell_of_end
                await self._bus.started(ref)
                for info in self.channels():  # those that have started since it was greeted
                    actor.announce(info)
                if self.elsewhere:
                    said = BeginWorker(msgspec.msgpack.encode(self.setup()))
                    until = self._bus.loop.time() + BEGIN_WITHIN
                    await actor.way.ask(WORKER.name, said, sender=None, deadline=until, reply=None)
                await self._started
                await self._enter(actor)
        except TimeoutError:
            self._kill()
            raise WorkerEnded(f"worker {self.name!r} did not begin within {BEGIN_WITHIN:.0f} s") from None
        except BaseException:
            self._kill()
            raise
        finally:
            self._started = None
        standing, self._standing = self._standing, None
        if standing is not None:
            self._bus.loop.call_soon(standing.lanes.settle, self._bus.books)
        where = {"at": self.process.where} if self.process.where else {"pid": self.process.pid}
        log.info("worker up", node=self._bus.name, worker=self.name, times=self.begun, **where)

    def setup(self) -> WorkerSetup:
        """What it is told as it begins."""
        bus = self._bus
        return WorkerSetup(
            worker=self.name,
            node=bus.name,
            node_id=bus.node_id,
            worker_id=self.worker_id,
            parent_id=bus.node_id,
            incarnation=self._incarnation,
            reactors=self.worker.paths,
            member=self.member,
            channels=channel_paths(bus.channels.values()),
            shutdown_timeout=bus.shutdown_timeout,
            slow_handler=None,
            level=logging.getLogger("peerbus").getEffectiveLevel(),
        )

    async def _enter(self, actor: InsideConnection) -> None:
        """What runs there has started: let others send to it."""
        actor.enter()
        while not all(self._bus.routes.inside.get(name) is actor.way for name in self._names()):  # noqa: ASYNC110
            await asyncio.sleep(0)  # the router has this turn

    def _names(self) -> list[str]:
        way = None if self.connection is None else self.connection.way
        return [] if way is None else [name for name in way.reactors if not name.startswith("peerbus.")]

    def channels(self) -> list[ChannelInfo]:
        """Those of the reactors of this node that the worker does not run itself."""
        return [info for name in self._bus.channels if (info := self._info(name)) is not None]

    def _info(self, name: str) -> ChannelInfo | None:
        codec = self._codecs.get(name)
        if codec is None or (name.startswith("peerbus.") and name != GATE.name):
            return None
        inside = self._bus.routes.inside.get(name)
        elsewhere = inside is not None and inside.peer_id != self.worker_id
        return plain_channel(codec.info) if self._bus.cell(name) is not None or elsewhere else None

    def announce(self, name: str) -> None:
        """Tell the worker of a reactor of this node, unless it runs it itself."""
        info = self._info(name)
        if info is not None and self.connection is not None:
            self.connection.announce(info)

    def withdraw(self, name: str) -> None:
        """A reactor of this node has stopped."""
        if self.connection is not None:
            self.connection.withdraw(name)

    def started(self, said: WorkerStarted) -> None:
        """The worker says that its reactors run, or why they do not."""
        if self.process is not None and self.elsewhere:
            self.process.pid = said.pid
        if self._started is not None and not self._started.done():
            if said.failed:
                self._started.set_exception(WorkerEnded(f"worker {self.name!r} cannot start: {said.failed}"))
            else:
                self._started.set_result(None)

    def tell(self, message: PeerEnded | EndWorker) -> None:
        """Tell the worker itself something; of no account where none runs."""
        if self.connection is not None:
            self.connection.way.tell(WORKER.name, message, None, None)

    def _tell_of_end(self, watcher: str, event: Terminated) -> None:
        self.tell(PeerEnded(str(event.address), f"bus://local/{watcher}", event.reason))

    # Its end.

    def _over(self, number: int, keeper: WorkerKeeper, text: str) -> None:
        if number != self.begun:
            return
        self.ended = text = self._killed or text
        begins = self._started is not None and not self._started.done()
        if not begins and not self._ending:
            self._tell_over(keeper, text)
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.process_ended(f"its process {text}")
        if self._started is not None and begins:
            self._started.set_exception(WorkerEnded(f"the process of worker {self.name!r} {text} as it began"))
            self._started.exception()  # whoever begins it may not have come to wait for that

    def _tell_over(self, keeper: WorkerKeeper, text: str) -> None:
        with contextlib.suppress(SendError):
            keeper.actor_ref._cell.tell(ProcessOver(text), None, None)

    def _link_ended(self, number: int, event: ConnectionEnded) -> None:
        if number == self.begun and (self.elsewhere or not self._ending):
            if event.reason == "silent" and not self.elsewhere:
                held = f"{self.worker.unresponsive:g} s (a handler held its loop, or it was stopped)"
                self._killed = f"was ended by its node, as it had said nothing for {held}"
            process = self.process
            if process is not None and not self.elsewhere and event.reason == ENDS_BY_ITSELF:
                self._bus.loop.call_later(GRACE, _end, process)  # how it exits says more than that it was killed
            else:
                self._kill()

    def stand(self) -> None:
        """Before it has come for the first time: its reactors are the node's, and what is sent to them waits."""
        names = [reactor.declared_channel().name for reactor in self.worker.classes]
        infos = [plain_channel(codec.info) for name in names if (codec := self._codecs.get(name)) is not None]
        self._standing = standing = link_without_process(self._bus, self._codecs, self.worker_id, self.name, infos)
        standing.tell_of_end = self._tell_of_end
        self._bus.tell_router(LinkUp(standing, tuple(map(ActorStarted, names))))

    def leaves(self) -> None:
        """It wants to end, as it was told to where it runs: what is sent from now on waits for the next one."""
        if self.connection is not None and not self._ending:
            self.tell(EndWorker(self._bus.shutdown_timeout))
            self.connection.hand_over()

    def _keep(self, link: InsideLink) -> InsideLink | None:
        if self._ending or self._bus.closing:
            return None
        self._standing = standing = standing_link(self._bus, self._codecs, link)
        return standing

    def _kill(self) -> None:
        if self.process is not None:
            self.process.kill()

    async def rest(self, within: float) -> None:
        """Wait until nothing is under way there, for some seconds at most."""
        connection = self.connection
        if connection is not None:
            deadline = self._bus.loop.time() + within
            with contextlib.suppress(PeerbusError):
                await connection.way.ask(WORKER.name, AwaitRest(within), sender=None, deadline=deadline, reply=bool)

    async def end(self, within: float) -> None:
        """End the process in order within that many seconds, else at once. Idempotent."""
        self._ending = True
        process = self.process
        if process is not None and not process.over.is_set():
            self.tell(EndWorker(within))
            try:
                async with asyncio.timeout(within + GRACE):
                    await process.over.wait()
            except TimeoutError:
                log.warning("worker did not end in time, it is killed", node=self._bus.name, worker=self.name)
                self._killed = "was ended by its node, as it did not end in time"
                process.kill()
                await process.over.wait()
        self.finish("the worker has ended")

    def finish(self, why: str) -> None:
        """It is not begun any more: nobody waits for it. Idempotent."""
        self._ending = True
        self._kill()
        standing, self._standing = self._standing, None
        if standing is not None:
            names = sorted(standing.reactors)
            standing.lost(why)
            standing.lanes.settle(self._bus.books)
            self._bus.tell_router(LinkDown(standing, "stopped"))
            for name in names:
                self._bus.publish(ActorTerminated(name, why))


class WorkerKeeper(Actor):
    """See the module. Its supervision is that of the worker."""

    def __init__(self, place: WorkerPlace) -> None:
        super().__init__()
        self._place = place

    async def on_started(self) -> None:
        """Start the process; the keeper has started when its reactors have."""
        self.bus.subscribe_actor(self.actor_ref, ActorStarted, ActorTerminated)
        await self._place.begin(self)

    async def on_stopping(self) -> None:
        """End the process in order."""
        await self._place.end(self.bus.life.time_to_end)

    @handles(ProcessOver)
    def _over(self, event: ProcessOver) -> None:
        raise WorkerEnded(f"the process of worker {self._place.name!r} {event.text}")

    @handles(ActorStarted)
    def _actor_started(self, event: ActorStarted) -> None:
        self._place.announce(event.actor)

    @handles(ActorTerminated)
    def _actor_terminated(self, event: ActorTerminated) -> None:
        if event.actor in self.bus.channels and not self.bus.closing:
            self._place.withdraw(event.actor)

    @handles(ShutdownStarted, reentrant=True)
    async def _shutdown_started(self, event: ShutdownStarted) -> None:
        await self._place.rest(event.within)


def _end(process: WorkerRuns) -> None:
    """End a process that did not end by itself."""
    if not process.over.is_set():
        process.kill()
