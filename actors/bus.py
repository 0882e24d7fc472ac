"""The bus of one process: it runs actors on an event loop and finds the receiver of every send.

It knows no network: a node gives it links to peers. Behind this door are `ActorTable`, `BusLife`, `routing` and others.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
from collections.abc import Callable, Iterable, Mapping
from random import Random
from threading import get_ident
from typing import TYPE_CHECKING, Any, Self, TypeVar

from .actor_table import ActorTable
from .base import ENDED, ProcessForked, SendError, spelled
from .bus_life import SHUTDOWN_TIMEOUT, BusLife
from .bus_statistics import ledger_of, statistics_of
from .engine import BLOCKING_THREADS, SLOW_HANDLER, Arrivals, Body, Cell, Ref, Timings, check_plain, sends_are_checked
from .event_stream import Events, Subscription
from .mailbox import Books, DeadLetters
from .messages import (
    LOCAL,
    WAITS,
    Address,
    Capability,
    Channel,
    ChannelTuning,
    GroupAddress,
    How,
    KnownChannels,
    Peer,
    Share,
    Supervision,
    check_reply,
)
from .router import Router, offer, tell_router
from .routing import (
    CellOf,
    Outward,
    Routes,
    SearchText,
    deadline_of,
    no_search,
    routed_ask,
    routed_many,
    routed_tell,
    unwatch,
    watch,
)
from .sender import OpenMethod, StreamMethod, asks, opens, streams, tells, tells_many
from .sends import DeadlineWheel, DeadlockWatch, Outcome, ThreadSends, Tracer, check_timeout, end_abandoned, waits_of
from .stream_sends import bus_open, bus_stream

if TYPE_CHECKING:
    from typing_extensions import TypeForm

__all__ = ["Bus"]

A = TypeVar("A", bound=Body)
E = TypeVar("E")


@spelled
class Bus:
    """Runs actors and routes messages: in an event loop, or in plain code (`with`, `.get()`) on a thread of its own.

    ```python
    async with Bus(reactors=[Blocks]) as bus:
        block = await bus.ask(LOCAL / Blocks, GetBlock(7))
    ```

    `name` stands in logs. `reactors`: classes or factories, each started before `async with` is entered, stopped in
    reverse order. `rng` chooses among peers. `shutdown_timeout`: seconds that a stop lets mailboxes drain.
    `slow_handler`: seconds after which a warning names the handler that blocks the loop; None for none. `tuning`: by
    the name of a channel what holds of it here. `blocking_threads`: functions of `run_blocking` that run at once.
    """

    # Of these attributes each look would cost twice without slots. The dict is for `forked_bus`, and for subclasses.
    __slots__ = (
        "__dict__",
        "__weakref__",
        "actors",
        "books",
        "cell",
        "channels",
        "checks_sends",
        "closing",
        "context",
        "dead_letters",
        "deadlocks",
        "events",
        "life",
        "loop",
        "name",
        "node_id",
        "outward",
        "receivers_awaited",
        "rng",
        "roles",
        "router",
        "routes",
        "search",
        "shutdown_timeout",
        "thread",
        "thread_sends",
        "timings",
        "wheel",
    )

    # What its life makes when it begins.
    loop: asyncio.AbstractEventLoop
    wheel: DeadlineWheel
    deadlocks: DeadlockWatch  #: Finds sends that wait for each other in a circle.
    arrivals: Arrivals  #: When what lies in mailboxes came.
    #: That of whoever enters the bus; what the bus does by itself runs in copies of it.
    context: contextvars.Context
    router: Ref[Router]
    tracer: Tracer | None = None  #: Traces sends; None where nobody does. See `traced_sends`.

    def __init__(
        self,
        name: str = "bus",
        *,
        reactors: Iterable[Callable[[], Body]] = (),
        rng: Random | None = None,
        shutdown_timeout: float = SHUTDOWN_TIMEOUT,
        slow_handler: float | None = SLOW_HANDLER,
        tuning: Mapping[str, ChannelTuning] | None = None,
        blocking_threads: int = BLOCKING_THREADS,
    ) -> None:
        self.name: str = name
        self.rng: Random = Random() if rng is None else rng
        self.shutdown_timeout: float = shutdown_timeout
        #: The loop's thread; 0 before the bus runs, `thread_end.ENDED` when that thread has ended.
        self.thread: int = 0
        self.closing: bool = False  #: It takes no new work.
        #: Some sends wait until somebody answers to their address; the router says so.
        self.receivers_awaited: bool = False
        #: The published table of peers; see `peerbus.actors.router`.
        self.routes: Routes = Routes()
        self.outward: Outward | None = None  #: Sends to peers for it, where another process of its node has them.
        self.roles: Mapping[str, Capability] = {}  #: What this node itself offers, by role.
        self.node_id: str = str(LOCAL)  #: Its id among those that a key picks of; a node sets it.
        self.search: SearchText = no_search  #: Says how peers are looked for, for errors; a node sets it.
        #: Channels by name, of reactors here and of those that this node only talks to.
        self.channels: KnownChannels = KnownChannels(tuning)
        #: Sends here are looked at as if they went to another node: in tests, see `rehearsal`.
        self.checks_sends: bool = sends_are_checked()
        #: What became of sends, kept for whoever takes them.
        self.books: Books = Books(self.channels.__contains__)
        self.thread_sends: ThreadSends = ThreadSends()
        self.timings: Timings = Timings()
        self.actors: ActorTable = ActorTable(self, self.rng)
        self.cell: CellOf = self.actors.by_name.get  #: The cell of a name, or None.
        self.events: Events = Events(name)
        self.dead_letters: DeadLetters = DeadLetters(self)
        self.life: BusLife = BusLife(self, reactors, slow_handler, blocking_threads)

    # Life.

    async def __aenter__(self) -> Self:
        await self.life.enter()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
        self.life.hand_on_exit()

    async def aclose(self) -> None:
        """Refuse new sends, let actors drain until `shutdown_timeout`, stop them; see `closing`. Idempotent.

        Cancelled, it goes on by itself. Raises PeerbusError on another event loop than the bus's.
        """
        await self.life.aclose()

    def start(self) -> Self:
        """Run the bus on an event loop in a thread of its own; returns when the reactors have started.

        Raises PeerbusError where it runs already, and what a reactor's `on_start` raised.
        """
        self.life.start()
        return self

    def stop(self) -> None:
        """Stop a bus that `start` started, and wait for it. Idempotent.

        Raises SystemExit or KeyboardInterrupt where an actor raised it: once, to whoever is first to stop or leave.
        Raises PeerbusError for a bus that runs in an event loop of the program.
        """
        self.life.stop()

    def __enter__(self) -> Self:
        """In plain code, `with Bus(…) as bus:`: as `start`. Raises PeerbusError where an event loop runs here."""
        check_plain("Bus(…)")
        return self.start()

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessForked):  # a child that leaves the block has nothing to stop
            self.stop()

    async def wait_stopped(self) -> None:
        """Wait until the bus has stopped. Raises SystemExit or KeyboardInterrupt where an actor raised it.

        Await it in the program's main task: in any other, the event loop would end at once.
        """
        await self.life.wait_stopped()

    @property
    def stopped(self) -> bool:
        """It has run, and has come to its end."""
        return self.life.stopped

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
        """Start the actor that `factory` (a class or a function) makes; it is called on the bus's loop thread.

        Its name is `name`, or its channel's, or one is made up from its class. A restart calls `factory` again.
        From another thread the call waits for that. Raises ValueError where the name is taken or malformed,
        PeerbusError where the bus does not run or the factory makes no new actor, ShuttingDown, ActorStopped where
        the parent stops, and what the factory raises: then nothing is left of the actor.
        """
        return self.actors.spawn(factory, name, supervision, parent, (args, kwargs) if args or kwargs else None)

    async def started(self, *refs: Ref[Any]) -> None:
        """Wait until these actors' `on_start` has finished. Raises what it raised; ActorStopped with its text, where
        another caller was told already."""
        await self.actors.started(*refs)

    def declare(self, channel: Channel[Any]) -> None:
        """Know a channel of reactors that run elsewhere. Raises ValueError for a second one of that name."""
        self.channels.declare(channel)

    # Sending, for plain code.

    @tells
    def tell(
        self,
        to: Ref[Any] | Address[Any] | GroupAddress[Any],
        message: object,
        timeout: float | None = None,  # by name alone, see `TellMethod`
        wait_for_peer: bool = False,
    ) -> Outcome[Any]:
        """Send without an answer: `await` it on the loop, `.get()` it on another thread. See `Actor.tell`."""
        if timeout is not None and timeout.__class__ is not float:
            timeout = check_timeout(timeout)
        # The short ways of `send`, without its call: 12 % of a tell to an actor here, 31 % by its ref, 3 % to a peer.
        if not self.closing:
            if type(to) is Address:
                where, find = to.where, self.cell  # loaded first: called as a method, a slot is slow
                if where is LOCAL:
                    cell = find(to.reactor)
                    if cell is not None:
                        return cell.tell(message, None, timeout)
                elif type(where) is Peer and (timeout is None or timeout >= 0) and get_ident() == self.thread:
                    link = self.routes.peers.get(where.id)
                    if link is not None and not wait_for_peer:
                        return link.tell(to.reactor, message, None, timeout)
            elif isinstance(to, Ref):
                return to._cell.tell(message, None, timeout)
        return self.send(to, message, timeout, None, WAITS if wait_for_peer else None)

    @tells_many
    def tell_many(
        self,
        to: Ref[Any] | Address[Any] | GroupAddress[Any],
        messages: Iterable[object],
        *,
        timeout: float | None = None,
    ) -> Outcome[Any]:
        """Send many without an answer: `await` it on the loop, `.get()` it on another thread. See `Actor.tell_many`."""
        if timeout is not None and timeout.__class__ is not float:
            timeout = check_timeout(timeout)
        return self.send_many(to, messages, timeout, None)

    @asks
    def ask(
        self,
        to: Ref[Any] | Address[Any] | GroupAddress[Any],
        message: object,
        reply: TypeForm[Any] | None = None,  # by name alone, see `TellMethod`
        timeout: float | None = None,
        hedge: float | None = None,
        quorum: int | Share | None = None,
        wait_for_peer: bool = False,
    ) -> Outcome[Any]:
        """Send and get the answer: `await` it on the loop, `.get()` it on another thread. See `Actor.ask`."""
        if timeout is not None and timeout.__class__ is not float:
            timeout = check_timeout(timeout)
        if reply is not None and not isinstance(reply, type):
            check_reply(reply)
        if hedge is None and quorum is None and not wait_for_peer:  # first the short ways of `request`
            if type(to) is Address and get_ident() == self.thread and not self.closing:
                where, find = to.where, self.cell
                cell = find(to.reactor) if where is LOCAL else None
                if cell is not None:
                    return cell.ask(message, None, timeout, reply, self)
                if type(where) is Peer and timeout is not None and timeout > 0:
                    link = self.routes.peers.get(where.id)
                    if link is not None:
                        until = self.loop.time() + timeout
                        return link.ask(to.reactor, message, sender=None, deadline=until, reply=reply)
            return self.request(to, message, timeout, reply, None)
        return self.request(to, message, timeout, reply, None, How(hedge, quorum, wait_for_peer))

    # Sending and watching, for actors and links: these know the sender.

    send = routed_tell
    send_many = routed_many
    request = routed_ask
    watch = watch
    unwatch = unwatch
    deadline = deadline_of
    offer = offer
    stream: StreamMethod = streams(bus_stream)
    open: OpenMethod = opens(bus_open)
    waits = waits_of
    tell_router = tell_router

    def refusal(self, message: object = None) -> SendError:
        """Why nothing new is taken."""
        return self.life.refusal(message)

    # The loop.

    def on_loop(self, action: Callable[[], object], context: contextvars.Context | None = None) -> bool:
        """Run `action` on the loop's thread, soon. From any other thread; False where the loop has closed."""
        try:
            self.loop.call_soon_threadsafe(action, context=self.context.copy() if context is None else context)
        except RuntimeError:  # the loop has closed
            self.life.lose()
            return False
        return True

    def call(self, action: Callable[[], object]) -> None:
        """Run `action` on the loop's thread, soon. From any thread."""
        if get_ident() == self.thread and not self.loop.is_closed():
            self.loop.call_soon(action)
        elif self.thread != ENDED:
            self.on_loop(action)

    def watch_for_deadlocks(self) -> None:
        """A handler begins to wait. From any thread; of no account where the bus has stopped."""
        if get_ident() != self.thread:
            if self.thread != ENDED:
                self.on_loop(self.watch_for_deadlocks)
        elif self.deadlocks.resting:
            self.deadlocks.wake()

    def blocks(self, thread: int) -> bool:
        """That thread is the loop's: a wait there would stop it."""
        return thread == self.thread

    brings_on = blocks
    abandoned = end_abandoned

    def lost(self) -> SendError | None:
        """Why nothing that is open here ever ends, where the loop or its thread ended without a word; or None."""
        return self.life.sudden.lost()

    # Facts.

    def publish(self, event: object) -> None:
        """Put a fact on the event stream, if anybody listens for it. From any thread."""
        self.events.publish(event)

    def subscribe(self, *types: type[E]) -> Subscription[E]:
        """Events of these types, for plain code on the loop: `async with bus.subscribe(DeadLetter) as events`."""
        return self.events.subscribe(*types)

    def subscribe_actor(self, ref: Ref[Any], *types: type) -> None:
        """Send it events of these types, first what stands (`Retained`), where its mailbox has room. Any thread."""
        self.events.subscribe_actor(ref, *types)

    def unsubscribe_actor(self, ref: Ref[Any]) -> None:
        """Send the actor no more events."""
        self.events.unsubscribe_actor(ref)

    def dead_letter(
        self, message: object, reason: str, *, to: object, sender: object, error: SendError | None = None
    ) -> None:
        """Count, log and publish a message that nobody handled. From any thread."""
        self.dead_letters.add(message, reason, to=to, sender=sender, error=error)

    statistics = statistics_of
    ledger = ledger_of

    def __repr__(self) -> str:
        return f"<Bus {self.name} {len(self.actors.by_name)} actors>"
