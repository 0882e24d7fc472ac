"""The table of a bus's actors: what they are called, which of them have started, which have not ended."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Callable, Iterable
from contextvars import Context
from functools import lru_cache, partial
from itertools import islice
from random import Random
from threading import get_ident
from typing import Any, Protocol, TypeVar, cast

import pykka

from .actor_page import PAGE, ActorPage, foremost, page_of
from .base import ENDED, ActorStopped, WouldDeadlock, current_bus, silence
from .engine import (
    Behaviour,
    Body,
    Cell,
    Life,
    Ref,
    RunsProcesses,
    Spawning,
    State,
    ThreadCell,
    context_on,
    refuse_instance,
    refuse_sends,
    refuse_uncallable,
)
from .mailbox import NO_CHANNEL, MailboxStatistics, Side, Sum
from .messages import Channel, Supervision
from .pool_view import PoolView
from .router import ActorsChanged
from .routing import RouterHost
from .sends import ReplyFuture

__all__ = ["ActorTable", "ActorTableHost"]

A = TypeVar("A", bound=Body)
T = TypeVar("T")

#: Where nothing would end a child: its siblings have been told to already.
CHILDLESS = frozenset({State.BACKING_OFF, State.STOPPING, State.STOPPED})
#: Characters of a class's name in the name that is made up for an actor of it.
NAMED_AFTER = 40


class ActorTableHost(RouterHost, Protocol):
    """What the table needs of its bus."""

    def declare(self, channel: Channel[Any]) -> None:
        """Know a channel. Raises ValueError where another one has its name."""

    def on_loop(self, action: Callable[[], object], context: Context | None = None) -> bool:
        """Run `action` on the loop's thread, soon, in `context` or the bus's own. False where the loop has closed."""


class ActorTable:
    """See the module. What is not said to be for any thread is for the loop's."""

    def __init__(self, bus: ActorTableHost, rng: Random) -> None:
        self._bus = bus
        #: Those that can be sent to, by name.
        self.by_name: dict[str, Cell] = {}
        #: All that have not ended, the oldest first.
        self._order: dict[Life, None] = {}
        self._starting: dict[Life, asyncio.Future[None]] = {}
        self._ending: dict[Life, asyncio.Future[None]] = {}
        urn = uuid.UUID(int=rng.getrandbits(128), version=4).urn
        # The first actor's; of each next one the last twelve digits are one more.
        self._urn_start, self._urns = urn[:-12], int(urn[-12:], 16)
        self._counter = 0
        #: Runs members of pools in processes of their own; a node sets it.
        self.processes: RunsProcesses | None = None
        #: Says of each pool how it is, by its name.
        self.pools: dict[str, Callable[[], PoolView]] = {}
        #: Says of actors that have more to show than a mailbox how they are, by their names.
        self.views: dict[str, Callable[[], object]] = {}
        #: Actors that were made anew, since the start.
        self.restarts = 0

    def spawn(
        self,
        factory: Callable[..., A],
        name: str | None = None,
        supervision: Supervision | None = None,
        parent: Cell | None = None,
        arguments: tuple[tuple[Any, ...], dict[str, Any]] | None = None,
        dispatcher: str | None = None,
    ) -> Ref[A]:
        """As `Bus.spawn`; `parent`: whose child it is, `arguments`: of the factory. From any thread.

        `dispatcher`: where it runs, whatever its class says.
        """
        bus = self._bus
        refuse_instance(factory)
        refuse_uncallable(factory)
        if bus.thread != get_ident():
            return self._spawn_on_loop(partial(self.spawn, factory, name, supervision, parent, arguments, dispatcher))
        if bus.closing and parent is None:
            raise bus.refusal()
        if parent is not None and parent.state in CHILDLESS:
            raise ActorStopped(f"{parent} stops, or is rebuilt, and can have no more children of what it was")
        make = factory if arguments is None else partial(factory, *arguments[0], **arguments[1])
        spawning = Spawning(bus, make, name, supervision, parent, dispatcher)
        try:
            ref = spawning.build()
            cell = ref._cell
            self._register(cell)
        except BaseException:
            spawning.discard()
            raise
        try:
            cell.start()
        except BaseException:  # there is no thread to be had, or the loop was closed
            self._unregister(cell)
            spawning.discard()
            lost = bus.lost()
            if lost is not None:
                raise lost from None
            raise
        return cast("Ref[A]", ref)

    def _spawn_on_loop(self, spawn: Callable[[], Ref[A]]) -> Ref[A]:
        self._bus.life.check_running()
        if current_bus() is not None:
            raise WouldDeadlock(f"spawning on {self._bus.name} waits for its thread, and would stop this event loop")
        future: ReplyFuture[Ref[A]] = ReplyFuture()
        future.producer = self._bus

        if not self._bus.on_loop(partial(_bring, spawn, future), context_on(self._bus)):
            raise self._bus.refusal()
        try:
            return future.get()
        finally:
            del future  # an error keeps this frame, see outcome

    def _register(self, cell: Cell) -> None:
        bus, name, parent, kind = self._bus, cell.name, cell.parent, cell.actor_class
        assert name is not None
        assert cell.ref is not None
        self.check_free(name)
        channel = kind.__channel__
        if channel is not None:
            bus.declare(channel)
        self.by_name[name] = cell
        self._order[cell] = None
        if parent is not None:
            if parent.children is None:
                parent.children = {}
            parent.children[cell] = None
        if kind.__registered__:
            pykka.ActorRegistry.register(cell.ref)
        if bus.receivers_awaited:
            bus.tell_router(ActorsChanged())

    def _unregister(self, cell: Cell) -> None:
        if cell.parent is not None and cell.parent.children is not None:
            cell.parent.children.pop(cell, None)
        cell.mark_stopped()
        self.ended(cell)

    def check_free(self, name: str) -> None:
        """Raise ValueError where an actor has that name."""
        if name in self.by_name:
            raise ValueError(f"{self._bus.name} has an actor called {name!r} already")

    async def started(self, *refs: Ref[Any]) -> None:
        """As `Bus.started`."""
        for ref in refs:
            cell = ref._cell
            if not cell.begun:
                try:
                    future = self.start_of(cell)
                    await asyncio.shield(future)
                finally:
                    del future  # an error keeps this frame, see outcome
            elif cell.start_error is not None:
                raise cell.take_start_error()

    def actor_name(self, actor_class: type[Behaviour]) -> str:
        """A free name for an actor of that class that was given none."""
        channel = actor_class.__channel__
        if channel is not None:
            return channel.name
        self._counter += 1
        return f"{_plain_name(actor_class.__name__)}-{self._counter}"

    def next_urn(self) -> str:
        """A new actor's URN: unique in the process, the same in each run with the same `rng`."""
        self._urns = (self._urns + 1) & 0xFFFF_FFFF_FFFF
        return f"{self._urn_start}{self._urns:012x}"

    def running(self) -> Iterable[Life]:
        """The cells of all actors that have not ended, the oldest first. From any thread."""
        return tuple(self._order)

    def runs(self, cell: Life) -> bool:
        """That cell has not ended."""
        return cell in self._order

    def start_of(self, cell: Life) -> asyncio.Future[None]:
        """Done when the `on_start` of that cell, which runs, has finished; fails with what it raised. As `end_of`."""
        return self._starting.setdefault(cell, self._bus.loop.create_future())

    def end_of(self, cell: Life) -> asyncio.Future[None]:
        """Done when that cell, which runs, has ended. Several may wait for it: do not cancel it."""
        return self._ending.setdefault(cell, self._bus.loop.create_future())

    def begun(self, cell: Life, error: BaseException | None) -> bool:
        """A cell says that its actor's `on_start` has finished. From the cell's thread.

        True: somebody waits for that, and hears it now.
        """
        bus = self._bus
        if get_ident() != bus.thread:
            if bus.thread != ENDED:
                bus.on_loop(partial(self.begun, cell, error))
            return False
        future = self._starting.pop(cell, None)
        if future is None or future.done():
            return False
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
            if cell.start_error is error:
                cell.take_start_error()
        return True

    def ended(self, cell: Life) -> None:
        """A cell says that it has ended. From the cell's thread."""
        bus = self._bus
        if get_ident() != bus.thread:
            if bus.thread != ENDED:
                bus.on_loop(partial(self.ended, cell))
            return
        # A thread may have failed to start just before somebody began to wait for that.
        stopped = ActorStopped(f"{cell} stopped before it had started: {cell.reason}")
        self.begun(cell, stopped if cell.start_error is None else cell.start_error)
        if cell.start_error is not None:
            cell.start_error.with_traceback(None)  # it keeps the actor, and that the cell; it stands in the log
        self._order.pop(cell, None)
        if isinstance(cell, Cell):
            bus.arrivals.forget(cell)
        if isinstance(cell, ThreadCell):
            bus.deadlocks.remove(cell)
        if cell.name is not None and self.by_name.get(cell.name) is cell:
            del self.by_name[cell.name]
            self.pools.pop(cell.name, None)
            self.views.pop(cell.name, None)
        cell.mailbox.settle(bus.books.tally(Side.LOCAL, _channel_of(cell)))
        for watched in cell.watching or ():
            watched.unwatch(cell)
        cell.watching = None
        cell.tell_watchers()
        future = self._ending.pop(cell, None)
        if future is not None and not future.done():
            future.set_result(None)

    def statistics(self, limit: int | None = None) -> dict[str, MailboxStatistics]:
        """Those of each mailbox, by the actor's name; of `limit` actors, the oldest. From any thread."""
        cells = tuple(self.by_name.items()) if limit is None else tuple(islice(self.by_name.items(), limit))
        return {name: cell.mailbox.statistics(cell.now()) for name, cell in cells}

    def sums(self) -> dict[str, Sum]:
        """What became of the sends to those that have not ended, and what lies in their mailboxes, by channel."""
        without = Sum()
        found = {NO_CHANNEL: without}
        for cell in tuple(self._order):
            if cell.name:
                channel = cell.actor_class.__channel__
                if channel is None:
                    cell.mailbox.add_to(without)
                else:
                    cell.mailbox.add_to(found.get(channel.name) or found.setdefault(channel.name, Sum()))
        return found

    def page(self, after: str = "", limit: int = PAGE, *, match: str = "", order: str = "") -> ActorPage:
        """Actors in the order of their names: the first `limit` behind the name `after`, of those that have `match` in
        theirs. `order`: a word of `ORDERS`, by which the foremost are given instead. Raises KeyError for another.
        """
        return foremost(self.by_name, order, limit, match) if order else page_of(self.by_name, after, limit, match)

    def pool_views(self) -> tuple[PoolView, ...]:
        """How each pool is, by its name. On the loop's thread."""
        return tuple(self.pools[name]() for name in sorted(self.pools))

    def restarted(self, cell: Life) -> None:
        """A cell says that its actor was made anew. From the cell's thread."""
        self.restarts += 1

    def forked(self) -> None:
        """This process is the child of a fork: none of them runs here."""
        for cell in tuple(self._order):
            refuse_sends(cell)
        silence(self, ("begun", "ended"))


def _bring(make: Callable[[], T], future: ReplyFuture[T]) -> None:
    try:
        future.succeed(make())
    except BaseException as error:  # noqa: BLE001  # the caller's thread raises it
        future.fail(error)
    finally:
        del future


@lru_cache(maxsize=1024)
def _plain_name(class_name: str) -> str:
    """What an actor of that class is called, before its number. Kept: it is a tenth of a spawn."""
    return re.sub(r"[^a-z0-9_]", "", class_name.lower()).strip("_")[:NAMED_AFTER] or "actor"


def _channel_of(cell: Life) -> str:
    channel = cell.actor_class.__channel__
    return NO_CHANNEL if channel is None else channel.name
