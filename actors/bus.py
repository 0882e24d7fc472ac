"""The bus of one process: it runs actors on an event loop and finds the receiver of every send.

Inside an event loop: `async with Bus(reactors=[Blocks]) as bus: await bus.ask(LOCAL / "blocks", GetBlock(7))`.
From plain code: `bus = Bus(reactors=[Blocks]).start()`, `bus.ask(…).get(timeout=3)`, `bus.stop()`; it then has a
thread of its own for the loop. A bus knows no network: a node gives it links to peers.
"""

from __future__ import annotations

import asyncio
import contextvars
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from random import Random
from threading import get_ident
from types import TracebackType
from typing import Any, Self, TypeVar, cast, overload

import pykka

from .actor import Actor
from .address import Address, GroupAddress, Local, Peer, Role
from .carrier import Link
from .cell import Cell
from .channel import DEFAULT_TIMEOUT, REACTOR_PATTERN, Channel
from .current import BUILDING, CURRENT_BUS
from .deadlines import DeadlineWheel
from .envelope import Envelope
from .errors import NoRoute, NoSuchReactor, PeerbusError, SendError, ShuttingDown
from .event_stream import EventStream, Subscription
from .events import DeadLetter, Terminated
from .log import get_logger
from .loop_cell import LoopCell
from .loop_thread import LoopThread
from .mailbox import MailboxStatistics
from .outcome import Failed, Outcome
from .ref import Ref
from .results import Results
from .router import Router
from .routes import Routes, better_of_two
from .sending import Bridged, Gathered
from .supervision import Supervision, Supervisor
from .thread_cell import ThreadCell

__all__ = ["Bus", "BusStatistics"]

A = TypeVar("A", bound=Actor)
M = TypeVar("M")
R = TypeVar("R")
E = TypeVar("E")

log = get_logger("peerbus.actors")

#: Seconds that a stop waits for mailboxes to drain before it kills.
SHUTDOWN_TIMEOUT = 5.0
#: Dead letters that are logged in one second; the rest is counted and summed up.
LOGGED_DEAD_LETTERS = 10


@dataclass(frozen=True, slots=True)
class BusStatistics:
    """The bus at one instant. Each mailbox keeps its own ledger; `failed` counts sends that found no mailbox."""

    actors: dict[str, MailboxStatistics]
    failed: dict[str, int]
    dead_letters: dict[str, int]


class Bus:
    """Runs actors and routes messages; see the module.

    `name` stands in logs. `reactors`: classes or factories, each started before `async with` is entered, stopped in
    reverse order. `rng` chooses among peers. `shutdown_timeout`: seconds that a stop lets mailboxes drain.
    """

    def __init__(
        self,
        name: str = "bus",
        *,
        reactors: Iterable[Callable[[], Actor]] = (),
        rng: Random | None = None,
        shutdown_timeout: float = SHUTDOWN_TIMEOUT,
    ) -> None:
        self.name = name
        self.rng = Random() if rng is None else rng
        self.shutdown_timeout = shutdown_timeout
        #: The published table of peers; see `peerbus.actors.router`.
        self.routes = Routes()
        #: Roles that this node itself offers.
        self.roles: frozenset[str] = frozenset()
        #: Channels by name, of reactors here and of those that this node only talks to.
        self.channels: dict[str, Channel[Any]] = {}
        self.loop: asyncio.AbstractEventLoop
        self.wheel: DeadlineWheel
        #: The loop's thread; 0 while the bus does not run.
        self.thread = 0
        #: The context that everything on this bus runs in a copy of.
        self.context = contextvars.Context()
        self._initial = tuple(reactors)
        self._cells: dict[str, Cell] = {}
        self._order: dict[Cell, None] = {}
        self._starting: dict[Cell, asyncio.Future[None]] = {}
        self._closing = False
        self._failed: dict[str, int] = {}
        self._dead_letters: dict[str, int] = {}
        self._logged = (0, 0)
        self._urns = uuid.UUID(int=self.rng.getrandbits(128), version=4).int
        self._counter = 0
        self._thread_runner: LoopThread | None = None
        self._events: EventStream | None = None
        self._escalation: BaseException | None = None
        self._stopped: asyncio.Event

    # Life.

    async def __aenter__(self) -> Self:
        if self.thread:
            raise PeerbusError(f"{self.name} runs already; a bus is entered once")
        self.loop = asyncio.get_running_loop()
        self.thread = get_ident()
        self.wheel = DeadlineWheel(self.loop)
        self._stopped = asyncio.Event()
        self.context.run(CURRENT_BUS.set, self)
        self._events_ref = self.spawn(EventStream, name="peerbus.events")
        self._events = self._events_ref._cell.actor  # type: ignore[assignment]  # what was just spawned
        self.router = self.spawn(Router, name="peerbus.router")
        self._system = frozenset(self._order)
        try:
            await self.started(self._events_ref, self.router)
            for factory in self._initial:
                await self.started(self.spawn(factory))
        except BaseException:
            await self.aclose()
            raise
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Refuse new sends, let mailboxes drain until `shutdown_timeout`, stop the actors. Idempotent."""
        if self._closing:
            if self.thread:
                await self._stopped.wait()
            return
        self._closing = True
        deadline = self.loop.time() + self.shutdown_timeout
        for cell in reversed([cell for cell in self._order if cell not in self._system]):
            await self._end(cell, deadline)
        for cell in tuple(self._order):
            await self._end(cell, deadline + 1.0)
        self.wheel.close()
        self._stopped.set()

    async def _end(self, cell: Cell, deadline: float) -> None:
        ended: asyncio.Future[None] = self.loop.create_future()

        def done() -> None:
            if not ended.done():
                ended.set_result(None)

        cell.on_ended(done if isinstance(cell, LoopCell) else partial(self.loop.call_soon_threadsafe, done))
        cell.request_stop()
        try:
            async with asyncio.timeout_at(deadline):
                await asyncio.shield(ended)
        except TimeoutError:
            log.warning("mailbox not drained in time, the actor is killed", bus=self.name, actor=str(cell))
            cell.kill("the bus stops, its mailbox was not drained in time")
            try:
                async with asyncio.timeout(1.0):
                    await ended
            except TimeoutError:
                log.error("the actor does not stop: a handler never returns", bus=self.name, actor=str(cell))

    def start(self) -> Self:
        """Run the bus on an event loop in a thread of its own; returns when the reactors have started."""
        self._thread_runner = LoopThread(self, name=f"peerbus {self.name}")
        self._thread_runner.start()
        return self

    def stop(self) -> None:
        """Stop a bus that `start` started, and wait for it. Idempotent."""
        if self._thread_runner is not None:
            self._thread_runner.stop()

    @property
    def escalation(self) -> BaseException | None:
        """The failure that an actor without a parent handed on to the bus, if one has."""
        return self._escalation

    @property
    def closing(self) -> bool:
        """The bus takes no new work."""
        return self._closing

    async def wait_stopped(self) -> None:
        """Wait until the bus has stopped."""
        await self._stopped.wait()

    # Actors.

    def spawn(
        self,
        factory: Callable[..., A],
        *args: Any,
        name: str | None = None,
        supervision: Supervision | None = None,
        parent: Cell | None = None,
        **kwargs: Any,
    ) -> Ref[A]:
        """Start the actor that `factory` (a class or a function) makes; on the bus's loop thread.

        Its name is `name`, or its channel's, or one is made up from its class. A restart calls `factory` again.
        Raises PeerbusError off the loop's thread, ValueError where the name is taken or malformed.
        """
        if self.thread != get_ident():
            raise PeerbusError(f"spawn on the loop's thread, or by {self.name}.call(lambda: bus.spawn(…))")
        if self._closing and parent is None:
            raise ShuttingDown(f"{self.name} is shutting down")
        plan = Plan(self, partial(factory, *args, **kwargs) if args or kwargs else factory, name, supervision, parent)
        token = BUILDING.set(plan)
        try:
            actor = plan.factory()
        finally:
            BUILDING.reset(token)
        cell = plan.cell
        if cell is None or cell.actor is not actor or cell.ref is None or cell.name is None:
            raise PeerbusError(f"{factory!r} must make one new actor, whose __init__ calls super().__init__()")
        if cell.name in self._cells:
            raise ValueError(f"{self.name} has an actor called {cell.name!r} already")
        self._cells[cell.name] = cell
        self._order[cell] = None
        channel = cell.actor_class.__channel__
        if channel is not None:
            self.declare(channel)
        if parent is not None:
            parent.children[cell] = None
        pykka.ActorRegistry.register(cell.ref)
        cell.start()
        return cast("Ref[A]", cell.ref)

    async def started(self, *refs: Ref[Any]) -> None:
        """Wait until these actors' `on_start` has finished. Raises what it raised."""
        for ref in refs:
            cell = ref._cell
            if not cell.begun:
                future = self._starting[cell] = self.loop.create_future()
                await future

    def declare(self, channel: Channel[Any]) -> None:
        """Know a channel that this node talks to, although it runs no reactor of it.

        Raises ValueError where another channel of that name with other messages is known.
        """
        known = self.channels.setdefault(channel.name, channel)
        if known is not channel and known.messages != channel.messages:
            raise ValueError(f"two different channels are called {channel.name!r}: {known!r} and {channel!r}")

    def actor_name(self, actor_class: type[Actor]) -> str:
        """A free name for an actor of that class that was given none."""
        channel = actor_class.__channel__
        if channel is not None:
            return channel.name
        self._counter += 1
        return f"{actor_class.__name__.lower().strip('_')}-{self._counter}"

    def next_urn(self) -> str:
        """A new actor's URN: unique in the process, the same in each run with the same `rng`."""
        self._urns = (self._urns + 1) & ((1 << 128) - 1)
        return uuid.UUID(int=self._urns).urn

    def cell(self, name: str) -> Cell | None:
        """The cell of a name."""
        return self._cells.get(name)

    def has(self, reactor: str) -> bool:
        """A reactor or actor of this name runs here."""
        return reactor in self._cells

    def begun(self, cell: Cell, error: BaseException | None) -> None:
        """A cell says that its actor's `on_start` has finished. From the cell's thread."""
        if get_ident() != self.thread:
            self.loop.call_soon_threadsafe(self.begun, cell, error)
            return
        future = self._starting.pop(cell, None)
        if future is not None and not future.done():
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(error)

    def ended(self, cell: Cell) -> None:
        """A cell says that it has ended. From the cell's thread."""
        if get_ident() != self.thread:
            if not self.loop.is_closed():
                self.loop.call_soon_threadsafe(self.ended, cell)
            return
        self._order.pop(cell, None)
        if cell.name is not None and self._cells.get(cell.name) is cell:
            del self._cells[cell.name]

    def escalated(self, actor: str, error: BaseException) -> None:
        """A top-level actor handed its failure on: the bus itself has failed, and stops."""
        log.critical("failure escalated, the bus stops", bus=self.name, actor=actor, exc_info=error)
        self._escalation = error
        self.call(self._close_soon)

    def _close_soon(self) -> None:
        self._closer = self.loop.create_task(self.aclose(), name=f"peerbus {self.name} closing")

    def call(self, action: Callable[[], object]) -> None:
        """Run `action` on the loop's thread, soon. From any thread."""
        if get_ident() == self.thread:
            self.loop.call_soon(action)
        else:
            self.loop.call_soon_threadsafe(action)

    # Sending, for plain code.

    @overload
    def tell(self, to: Ref[Any], message: object, *, timeout: float | None = None) -> Outcome[None]: ...
    @overload
    def tell(self, to: Address[M], message: M, *, timeout: float | None = None) -> Outcome[None]: ...
    @overload
    def tell(self, to: GroupAddress[M], message: M, *, timeout: float | None = None) -> Outcome[Results[None]]: ...
    def tell(
        self, to: Ref[Any] | Address[M] | GroupAddress[M], message: object, *, timeout: float | None = None
    ) -> Outcome[None] | Outcome[Results[None]]:
        """Send without an answer: `await` it on the loop, `.get()` it on another thread. See `Actor.tell`."""
        return self.send(to, message, timeout, None)

    @overload
    def ask(self, to: Ref[Any], message: object, *, timeout: float | None = None) -> Outcome[object]: ...
    @overload
    def ask(self, to: Ref[Any], message: object, *, reply: type[R], timeout: float | None = None) -> Outcome[R]: ...
    @overload
    def ask(self, to: Address[M], message: M, *, timeout: float | None = None) -> Outcome[object]: ...
    @overload
    def ask(self, to: Address[M], message: M, *, reply: type[R], timeout: float | None = None) -> Outcome[R]: ...
    @overload
    def ask(self, to: GroupAddress[M], message: M, *, timeout: float | None = None) -> Outcome[Results[object]]: ...
    @overload
    def ask(
        self, to: GroupAddress[M], message: M, *, reply: type[R], timeout: float | None = None
    ) -> Outcome[Results[R]]: ...
    def ask(
        self,
        to: Ref[Any] | Address[M] | GroupAddress[M],
        message: object,
        *,
        reply: type[Any] | None = None,
        timeout: float | None = None,
    ) -> Outcome[Any]:
        """Send and get the answer: `await` it on the loop, `.get()` it on another thread. See `Actor.ask`."""
        return self.request(to, message, timeout, reply, None)

    # Sending, for actors and links: these know the sender.

    def send(
        self,
        to: Ref[Any] | Address[Any] | GroupAddress[Any],
        message: object,
        timeout: float | None,
        sender: Cell | None,
    ) -> Outcome[Any]:
        """A tell from `sender`."""
        if self._closing and sender is None:
            return self._unroutable(ShuttingDown(f"{self.name} is shutting down", message=message), to, sender)
        if isinstance(to, Ref):
            return to._cell.tell(message, sender, timeout)
        if get_ident() != self.thread:
            local = self._cells.get(to.reactor) if isinstance(to.where, Local) else None
            if local is not None:
                return local.tell(message, sender, timeout)
            return Bridged(self, lambda: self.send(to, message, timeout, sender)).future
        address = None if sender is None else sender.address
        if isinstance(to, GroupAddress):
            deadline = self._deadline(to.reactor, timeout)
            memo: dict[object, object] = {}
            return Gathered(
                {
                    link.peer_id: link.tell(to.reactor, message, sender=address, deadline=deadline, memo=memo)
                    for link in self._group(to)
                }
            )
        target = self._resolve(to, message)
        if isinstance(target, Cell):
            return target.tell(message, sender, timeout)
        if isinstance(target, SendError):
            return self._unroutable(target, to, sender)
        return target.tell(to.reactor, message, sender=address, deadline=self._deadline(to.reactor, timeout))

    def request(
        self,
        to: Ref[Any] | Address[Any] | GroupAddress[Any],
        message: object,
        timeout: float | None,
        reply: type[Any] | None,
        sender: Cell | None,
    ) -> Outcome[Any]:
        """An ask from `sender`."""
        if self._closing and sender is None:
            return self._unroutable(ShuttingDown(f"{self.name} is shutting down", message=message), to, sender)
        if get_ident() != self.thread:
            return Bridged(self, lambda: self.request(to, message, timeout, reply, sender)).future
        if isinstance(to, Ref):
            return to._cell.ask(message, sender, timeout, reply, self)
        address = None if sender is None else sender.address
        if isinstance(to, GroupAddress):
            deadline = self._deadline(to.reactor, timeout)
            memo: dict[object, object] = {}
            return Gathered(
                {
                    link.peer_id: link.ask(
                        to.reactor, message, sender=address, deadline=deadline, reply=reply, memo=memo
                    )
                    for link in self._group(to)
                }
            )
        target = self._resolve(to, message)
        if isinstance(target, Cell):
            return target.ask(message, sender, timeout, reply, self)
        if isinstance(target, SendError):
            return self._unroutable(target, to, sender)
        return target.ask(
            to.reactor, message, sender=address, deadline=self._deadline(to.reactor, timeout), reply=reply
        )

    def _deadline(self, reactor: str, timeout: float | None) -> float:
        if timeout is None:
            channel = self.channels.get(reactor)
            timeout = DEFAULT_TIMEOUT if channel is None else channel.timeout
        return self.loop.time() + timeout

    def _resolve(self, to: Address[Any], message: object) -> Cell | Link | SendError:
        where = to.where
        if isinstance(where, Local):
            return self._cells.get(to.reactor) or NoSuchReactor(
                f"{self.name} runs no actor called {to.reactor!r}", message=message
            )
        if isinstance(where, Peer):
            link = self.routes.peers.get(where.id)
            if link is None:
                return NoRoute(f"no connection to peer {where.id}", message=message)
            return link
        here = self._cells.get(to.reactor) if where.name in self.roles else None
        candidates = self.routes.offering(where.name, to.reactor)
        if here is not None and (not candidates or self.rng.randrange(len(candidates) + 1) < 2):
            return here  # one of two random candidates, and nothing is nearer
        if candidates:
            return better_of_two(candidates, self.rng)
        return NoRoute(
            f"no connected peer offers the role {where.name!r} with a reactor {to.reactor!r} "
            f"({len(self.routes.peers)} connected)",
            message=message,
        )

    def _group(self, to: GroupAddress[Any]) -> list[Link]:
        if isinstance(to.where, Role):
            return self.routes.offering(to.where.name, to.reactor)
        return self.routes.with_reactor(to.reactor)

    def _unroutable(self, error: SendError, to: object, sender: Cell | None) -> Failed:
        self._failed[error.reason] = self._failed.get(error.reason, 0) + 1
        self.dead_letter(
            error.message, error.reason, to=to, sender=None if sender is None else sender.address, error=error
        )
        return Failed(error)

    # Watching.

    def watch(self, target: Ref[Any] | Address[Any], watcher: Cell) -> None:
        """Send `watcher` a Terminated when `target` ends."""
        if isinstance(target, Ref):
            target._cell.watch(watcher)
            return
        found = self._resolve(target, None)
        if isinstance(found, Cell):
            found.watch(watcher)
        elif isinstance(found, SendError):
            watcher.mailbox.put_system(Envelope(Terminated(target, found.reason)))
        else:
            found.watch(target.reactor, watcher.address)

    def unwatch(self, target: Ref[Any] | Address[Any], watcher: Cell) -> None:
        """Forget the watch."""
        if isinstance(target, Ref):
            target._cell.unwatch(watcher)
            return
        found = self._resolve(target, None)
        if isinstance(found, Cell):
            found.unwatch(watcher)
        elif not isinstance(found, SendError):
            found.unwatch(target.reactor, watcher.address)

    # Facts.

    def publish(self, event: object) -> None:
        """Put a fact on the event stream. From any thread; costs nothing while nobody listens."""
        events = self._events
        if events is not None and events.wanted:
            self._events_ref._cell.mailbox.put_foreign(Envelope(event))

    def subscribe(self, *types: type[E]) -> Subscription[E]:
        """Events of these types, for plain code on the loop: `async with bus.subscribe(DeadLetter) as events`."""
        if self._events is None:
            raise PeerbusError(f"{self.name} does not run")
        return Subscription(self._events, types)

    def subscribe_actor(self, ref: Ref[Any], *types: type) -> None:
        """Send the actor every event of these types, as messages."""
        if self._events is None:
            raise PeerbusError(f"{self.name} does not run")
        self._events.actors[ref] = types

    def dead_letter(
        self, message: object, reason: str, *, to: object, sender: object, error: SendError | None = None
    ) -> None:
        """Count, log and publish a message that nobody handled. From any thread."""
        self._dead_letters[reason] = self._dead_letters.get(reason, 0) + 1
        second = int(self.loop.time())
        at, logged = self._logged
        if at != second:
            if logged > LOGGED_DEAD_LETTERS:
                log.warning("more dead letters", bus=self.name, unlogged=logged - LOGGED_DEAD_LETTERS)
            logged = 0
        self._logged = (second, logged + 1)
        if logged < LOGGED_DEAD_LETTERS:
            log.warning(
                "dead letter",
                bus=self.name,
                reason=reason,
                message=type(message).__name__,
                to=str(to),
                sender="-" if sender is None else str(sender),
            )
        self.publish(DeadLetter(message, reason, str(to), "-" if sender is None else str(sender), error))

    def statistics(self) -> BusStatistics:
        """Counters and levels at this instant."""
        return BusStatistics(
            actors={name: cell.mailbox.statistics() for name, cell in self._cells.items()},
            failed=dict(self._failed),
            dead_letters=dict(self._dead_letters),
        )

    def __repr__(self) -> str:
        return f"<Bus {self.name} {len(self._cells)} actors>"


class Plan:
    """An actor that is being built for the first time: its class is known when its `__init__` runs."""

    def __init__(
        self,
        bus: Bus,
        factory: Callable[[], Any],
        name: str | None,
        supervision: Supervision | None,
        parent: Cell | None,
    ) -> None:
        if name is not None and not REACTOR_PATTERN.fullmatch(name):
            raise ValueError(f"not an actor's name: {name!r} (lower-case letters, digits, '.', '_', '-'; at most 63)")
        self.factory = factory
        self.cell: Cell | None = None
        self._bus = bus
        self._name = name
        self._supervision = supervision
        self._parent = parent

    def claim(self, actor: Actor) -> Cell:
        """Make the cell of `actor`."""
        actor_class = type(actor)
        make = ThreadCell if actor_class.dispatcher == "thread" else LoopCell
        self.cell = make(
            actor_class,
            self.factory,
            bus=self._bus,
            name=self._name or self._bus.actor_name(actor_class),
            parent=self._parent,
            supervisor=Supervisor(self._supervision or actor_class.supervision),
        )
        return self.cell
