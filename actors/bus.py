"""The bus of one process: it runs actors on an event loop and finds the receiver of every send.

Inside an event loop: `async with Bus(reactors=[Blocks]) as bus: await bus.ask(LOCAL / "blocks", GetBlock(7))`.
In plain code: `with Bus(reactors=[Blocks]) as bus: bus.ask(…).get(timeout=3)`, which is `start()` and `stop()`; it then
has a thread of its own for the loop. A bus knows no network: a node gives it links to peers.
"""

# So long because it is the one door of the actors: life, sends, watches, facts, each a few lines that hand on.

from __future__ import annotations

import asyncio
import contextlib
import contextvars
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from math import inf
from random import Random
from threading import get_ident
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from .actor_table import ActorTable
from .base import (
    ENDED,
    PeerbusError,
    ProcessForked,
    SendError,
    ShuttingDown,
    bind_to_thread,
    closed_with_loop,
    end_guard,
    finish_at_exit,
    finished,
    forked_error,
    get_logger,
    new_task,
    not_in_child,
    refuse_calls,
    runs_no_more,
    silence,
    warn_unfinished,
)
from .engine import (
    MARGIN,
    SLOW_HANDLER,
    Body,
    Cell,
    Closing,
    LoopThread,
    Ref,
    StallWatch,
    ThreadCell,
    check_plain,
    context_on,
    factories_of,
    sends_are_checked,
)
from .event_stream import EventStream, Subscription, event_types
from .mailbox import NO_CHANNEL, Books, DeadLetters, Envelope, Ledger, MailboxStatistics, Side
from .messages import (
    DEFAULT_TIMEOUT,
    LOCAL,
    WAITS,
    ActorFailed,
    Address,
    Capability,
    Channel,
    DeadLetter,
    GroupAddress,
    How,
    Peer,
    Share,
    Supervision,
    check_reply,
)
from .router import RolesChanged, Router
from .routing import Routes, SearchText, routed_ask, routed_many, routed_tell, unwatch, watch
from .sender import asks, tells, tells_many
from .sends import DeadlineWheel, DeadlockWatch, FailedOutcome, Outcome, ThreadSends, check_timeout

if TYPE_CHECKING:
    from typing_extensions import TypeForm

__all__ = ["Bus", "BusStatistics"]

A = TypeVar("A", bound=Body)
E = TypeVar("E")
T = TypeVar("T")

log = get_logger("peerbus.actors")

#: Seconds that users' actors have for the work at hand before they are killed.
SHUTDOWN_TIMEOUT = 5.0

#: What raises in the child of a fork, and what has nothing to do there.
_CALLS = (
    "aclose",
    "ask",
    "offer",
    "ledger",
    "request",
    "send",
    "send_many",
    "spawn",
    "start",
    "started",
    "statistics",
    "stop",
    "subscribe",
    "subscribe_actor",
    "tell",
    "tell_many",
    "unsubscribe_actor",
    "unwatch",
    "wait_stopped",
    "watch",
)
_SILENT = (
    "call",
    "dead_letter",
    "escalated",
    "exit",
    "hand_on_exit",
    "lose",
    "on_loop",
    "publish",
    "watch_for_deadlocks",
)


@dataclass(frozen=True, slots=True)
class BusStatistics:
    """The bus at one instant. Each mailbox keeps its own ledger; `failed` counts sends that found no mailbox."""

    actors: dict[str, MailboxStatistics]
    failed: dict[str, int]
    dead_letters: dict[str, int]
    #: What became of every send, by channel; also to actors and peers that are gone.
    ledger: Ledger


class Bus:
    """Runs actors and routes messages; see the module.

    `name` stands in logs. `reactors`: classes or factories, each started before `async with` is entered, stopped in
    reverse order. `rng` chooses among peers. `shutdown_timeout`: seconds that a stop lets mailboxes drain.
    `slow_handler`: seconds after which a warning names the handler that blocks the loop; None for no such warning.
    """

    # So many attributes no longer share their names between objects, and each look at one would cost twice. The dict is
    # for the child of a fork, see `forks`, and for subclasses.
    __slots__ = (
        "__dict__",
        "__weakref__",
        "_closer",
        "_dead_letters",
        "_ends",
        "_escalation",
        "_events",
        "_events_ref",
        "_exit",
        "_forked",
        "_guard",
        "_handed_on",
        "_initial",
        "_slow_handler",
        "_stall_watch",
        "_stopped",
        "_summing_up",
        "_thread_runner",
        "_told_left",
        "actors",
        "books",
        "cell",
        "channels",
        "checks_sends",
        "closing",
        "context",
        "deadlocks",
        "loop",
        "name",
        "node_id",
        "receivers_awaited",
        "rng",
        "roles",
        "router",
        "routes",
        "search",
        "shutdown_timeout",
        "thread",
        "thread_sends",
        "wheel",
    )

    def __init__(
        self,
        name: str = "bus",
        *,
        reactors: Iterable[Callable[[], Body]] = (),
        rng: Random | None = None,
        shutdown_timeout: float = SHUTDOWN_TIMEOUT,
        slow_handler: float | None = SLOW_HANDLER,
    ) -> None:
        if slow_handler is not None and not 0 < slow_handler < inf:
            raise ValueError(f"slow_handler is {slow_handler}; write seconds above 0, or None for no warning")
        self.name: str = name
        self.rng: Random = Random() if rng is None else rng
        self.shutdown_timeout: float = shutdown_timeout
        self._slow_handler = slow_handler
        self._stall_watch: StallWatch | None = None
        #: Some sends wait until somebody answers to their address; the router says so.
        self.receivers_awaited: bool = False
        #: The published table of peers; see `peerbus.actors.router`.
        self.routes: Routes = Routes()
        #: What this node itself offers, by role.
        self.roles: Mapping[str, Capability] = {}
        #: Its id among those that a key picks of; a node sets it.
        self.node_id: str = str(LOCAL)
        #: Says how peers are looked for, for errors; a node sets it.
        self.search: SearchText = _no_search
        #: Channels by name, of reactors here and of those that this node only talks to.
        self.channels: dict[str, Channel[Any]] = {}
        #: Sends here are looked at as if they went to another node: in tests, see `rehearsal`.
        self.checks_sends: bool = sends_are_checked()
        self.loop: asyncio.AbstractEventLoop
        self.wheel: DeadlineWheel
        #: Finds sends that wait for each other in a circle.
        self.deadlocks: DeadlockWatch
        #: The loop's thread; 0 before the bus runs, `thread_end.ENDED` when that thread has ended.
        self.thread: int = 0
        #: That of whoever enters the bus; what the bus does by itself runs in copies of it.
        self.context: contextvars.Context
        self._initial = factories_of("reactors", reactors)
        #: Who runs here.
        self.actors: ActorTable = ActorTable(self, self.rng)
        #: The cell of a name, or None.
        self.cell: Callable[[str], Cell | None] = self.actors.by_name.get
        #: It takes no new work.
        self.closing: bool = False
        self._forked = False
        #: It was said that nobody has left the bus.
        self._told_left = False
        self._dead_letters = DeadLetters(name)
        #: Says how many of them were not logged.
        self._summing_up: asyncio.TimerHandle | None = None
        #: What became of sends, kept for whoever takes them.
        self.books: Books = Books(self.channels.__contains__)
        self.thread_sends: ThreadSends = ThreadSends()
        self._thread_runner: LoopThread | None = None
        self._events: EventStream | None = None
        self._escalation: BaseException | None = None
        #: SystemExit or KeyboardInterrupt, raised on an actor: whoever waits for the end of the bus raises it on.
        self._exit: BaseException | None = None
        self._handed_on = False
        self._ends: Closing | None = None
        self._closer: asyncio.Task[None] | None = None
        self._stopped: asyncio.Event

    # Life.

    async def __aenter__(self) -> Self:
        self._check_fresh(entered=True)
        self.loop = asyncio.get_running_loop()
        self.thread = get_ident()
        self.wheel = DeadlineWheel(self.loop)
        self._stopped = asyncio.Event()
        self.context = context_on(self)
        self.deadlocks = DeadlockWatch(self.name, self.loop, self.context, self.rng)
        bind_to_thread(self)
        not_in_child(self)
        finish_at_exit(self)
        self._guard = closed_with_loop(self)
        await anext(self._guard)
        self._events_ref = self.spawn(EventStream, name="peerbus.events")
        self._events = self._events_ref._cell.actor  # type: ignore[assignment]  # what was just spawned
        self._events_ref._cell.mailbox.on_drop = self._event_lost
        self.router: Ref[Router] = self.spawn(Router, name="peerbus.router")
        self._stall_watch = StallWatch.on(self, self._slow_handler)
        try:
            await self.started(self._events_ref, self.router)
            for factory in self._initial:
                await self.started(self.spawn(factory))
        except BaseException:
            await self.aclose()
            self.hand_on_exit()
            raise
        return self

    def _check_fresh(self, *, entered: bool = False) -> None:
        """A bus runs once. `entered`: by the thread that `start` has made, or without."""
        if self.closing:
            raise PeerbusError(f"{self.name} has stopped; a bus runs once: make a new one, Bus(…)")
        if self.thread or (self._thread_runner is not None and not entered):
            raise PeerbusError(f"{self.name} runs already; a bus is entered once")

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()
        self.hand_on_exit()

    async def aclose(self) -> None:
        """Refuse new sends, let actors drain until `shutdown_timeout`, stop them; see `closing`. Idempotent.

        Cancelled, it goes on by itself. Raises PeerbusError on another event loop than the bus's.
        """
        if self.thread and not self.stopped and self.lost() is None:
            self._check_loop("aclose")
            self._close_soon()
            assert self._closer is not None
            await asyncio.shield(self._closer)
        self.closing = True

    def _check_loop(self, call: str) -> None:
        if asyncio.get_running_loop() is not self.loop:
            hint = f"await {call}() there" if self._thread_runner is None else "it has a thread of its own: call stop()"
            raise PeerbusError(f"{self.name} runs on another event loop than the one that awaits {call}(); {hint}")

    def _close_soon(self) -> None:
        if self._closer is None:
            self.closing = True
            self._ends = Closing(self)
            self._closer = new_task(self._close(self._ends), loop=self.loop, name=f"peerbus {self.name} closing")

    async def _close(self, closing: Closing) -> None:
        await closing.run()
        self.wheel.close(partial(ShuttingDown, f"{self.name} has stopped"))
        if self._summing_up is not None:
            self._summing_up.cancel()
        for part in (self.deadlocks, self._stall_watch, self._dead_letters):
            if part is not None:
                part.close()
        runs_no_more(self)
        finished(self)
        self._stopped.set()
        await end_guard(self._guard)

    def start(self) -> Self:
        """Run the bus on an event loop in a thread of its own; returns when the reactors have started.

        Raises PeerbusError where it runs already, and what a reactor's `on_start` raised.
        """
        self._check_fresh()
        self._thread_runner = LoopThread(self, name=f"peerbus {self.name}", patience=self.shutdown_timeout)
        self._thread_runner.start()
        return self

    def stop(self) -> None:
        """Stop a bus that `start` started, and wait for it. Idempotent.

        Raises SystemExit or KeyboardInterrupt where an actor raised it: once, to whoever is first to stop or leave.
        Raises PeerbusError for a bus that runs in an event loop of the program.
        """
        if self._thread_runner is not None:
            self._thread_runner.stop()
        elif self.thread and not self.closing:
            raise PeerbusError(f"{self.name} was entered by `async with`: leave that, or `await bus.aclose()`")

    def __enter__(self) -> Self:
        """In plain code, `with Bus(…) as bus:`: as `start`. Raises PeerbusError where an event loop runs here."""
        check_plain("Bus(…)")
        return self.start()

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with contextlib.suppress(ProcessForked):  # a child that leaves the block has nothing to stop
            self.stop()

    # Ends that nobody asked for.

    async def close_left(self) -> None:
        """The loop ends, and nobody has left the bus: say so, and close it."""
        if not self.stopped and self.thread == get_ident():
            if self._closer is not None and self._closer.cancelled():  # by who ends the loop
                self._closer = None
            try:
                if self._closer is None:
                    self._warn_left()
            finally:
                await self.aclose()

    def finish(self) -> None:
        """The program ends, and nobody has left the bus."""
        if self.stopped or self._forked or self.lost() is not None:
            return
        self._warn_left()
        if self.loop.is_running():
            asyncio.run_coroutine_threadsafe(self.aclose(), self.loop).result(self.shutdown_timeout + MARGIN)
        elif self.thread == get_ident():
            self.loop.run_until_complete(self.aclose())

    def _warn_left(self) -> None:
        self._told_left = True
        warn_unfinished(f"bus {self.name!r}", "leave it: `async with`, or `await aclose()`")

    def __del__(self) -> None:
        if getattr(self, "thread", 0) and not (self._told_left or self._forked or self.stopped):
            self._warn_left()

    @property
    def stopped(self) -> bool:
        """It has run, and has come to its end."""
        return bool(self.thread) and self._stopped.is_set()

    def thread_ended(self) -> None:
        """The loop's thread has ended, whatever became of the bus: whoever has its identifier next is not it."""
        # Nothing is logged here, where the thread is half gone: `logging` would make it a new one that never ends.
        thread, self.thread = self.thread, ENDED
        self.closing = True
        for cell in self.actors.running():
            if cell.mailbox.owner == thread:
                cell.mailbox.owner = ENDED
                cell.mark_stopped()
            else:
                cell.kill("the thread of its bus has ended")

    def lose(self) -> None:
        """The loop runs no more, and the bus was not closed: nothing new is taken, and no ref is alive.

        From any thread.
        """
        self.closing = True
        self._say_lost()
        finished(self)
        for cell in self.actors.running():
            if isinstance(cell, ThreadCell):
                cell.kill("the event loop of its bus has ended")
            else:
                cell.mark_stopped()
                with contextlib.suppress(RuntimeError):  # who waits for room on a loop that has closed
                    cell.mailbox.shut(f"the event loop of {cell} has ended")

    def _say_lost(self) -> None:
        if not (self.stopped or self._told_left):
            self._told_left = True
            log.warning("the event loop has ended, and nobody has left the bus", node=self.name)

    def forked(self) -> None:
        """This process is the child of a fork: nothing of this bus runs here."""
        self.closing, self._forked, self.thread = True, True, ENDED
        self.actors.forked()
        refuse_calls(self, f"bus {self.name!r}", _CALLS)
        silence(self, _SILENT)

    def blocks(self, thread: int) -> bool:
        """That thread is the loop's: a wait there would stop it."""
        return thread == self.thread

    brings_on = blocks

    def lost(self) -> SendError | None:
        """Why nothing that is open here ever ends, where the loop or its thread ended without a word; or None."""
        if self._forked:
            return forked_error(f"bus {self.name!r}")
        if self.thread == ENDED:
            self._say_lost()
            return ShuttingDown(f"{self.name} has ended: the thread of its event loop has")
        if self.thread and self.loop.is_closed():
            self.lose()
            return ShuttingDown(f"{self.name} has ended: its event loop was closed")
        return None

    @property
    def escalation(self) -> BaseException | None:
        """The failure that an actor without a parent handed on to the bus, if one has."""
        return self._escalation

    @property
    def time_to_end(self) -> float:
        """Seconds that what is under way may take if the bus closes now, or has begun to; see `closing`."""
        return self.shutdown_timeout if self._ends is None else max(0.0, self._ends.until - self.loop.time())

    async def wait_stopped(self) -> None:
        """Wait until the bus has stopped. Raises SystemExit or KeyboardInterrupt where an actor raised it.

        Await it in the program's main task: in any other, the event loop would end at once.
        """
        if not self.thread and not self.closing:
            raise PeerbusError(f"{self.name} does not run: enter it, or start() it")
        if self.thread and not self.stopped:
            self._check_loop("wait_stopped")
            await self._stopped.wait()
        if self._exit is not None:
            self._handed_on = True
            raise self._exit

    def exit(self, actor: str, error: BaseException) -> None:
        """An actor raised SystemExit or KeyboardInterrupt: the bus stops in order, and then hands it on."""
        if self._exit is None:
            log.critical("an actor ends the program, the bus stops", node=self.name, actor=actor, exc_info=error)
            self._exit = error
            self.on_loop(self._close_soon)

    def hand_on_exit(self) -> None:
        """Raise what `exit` was told, to the first who asks once the bus has stopped."""
        if self._exit is not None and not self._handed_on:
            self._handed_on = True
            raise self._exit

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
        return self.actors.spawn(factory, *args, name=name, supervision=supervision, parent=parent, **kwargs)

    async def started(self, *refs: Ref[Any]) -> None:
        """Wait until these actors' `on_start` has finished.

        Raises what it raised; ActorStopped with its text, where another caller was told already.
        """
        await self.actors.started(*refs)

    def declare(self, channel: Channel[Any]) -> None:
        """Know a channel that this node talks to, although it runs no reactor of it.

        Raises ValueError where another channel of that name with other messages is known.
        """
        known = self.channels.setdefault(channel.name, channel)
        if known is not channel and known.messages != channel.messages:
            raise ValueError(f"two different channels are called {channel.name!r}: {known!r} and {channel!r}")

    def escalated(self, actor: str, error: BaseException) -> None:
        """A top-level actor handed its failure on: the bus itself has failed, and stops."""
        log.critical("failure escalated, the bus stops", node=self.name, actor=actor, exc_info=error)
        self._escalation = error
        self.on_loop(self._close_soon)

    def on_loop(self, action: Callable[[], object], context: contextvars.Context | None = None) -> bool:
        """Run `action` on the loop's thread, soon. From any other thread; False where the loop has closed."""
        try:
            self.loop.call_soon_threadsafe(action, context=self.context.copy() if context is None else context)
        except RuntimeError:  # the loop has closed
            self.lose()
            return False
        return True

    def call(self, action: Callable[[], object]) -> None:
        """Run `action` on the loop's thread, soon. From any thread."""
        if get_ident() == self.thread:
            self.loop.call_soon(action)
        elif self.thread != ENDED:
            self.on_loop(action)

    def tell_router(self, message: object) -> None:
        """Tell the router, before all that waits there. From any thread."""
        self.router._cell.mailbox.put_system(Envelope(message))

    def watch_for_deadlocks(self) -> None:
        """A handler begins to wait. From any thread; of no account where the bus has stopped."""
        if get_ident() != self.thread:
            if self.thread != ENDED:
                self.on_loop(self.watch_for_deadlocks)
        elif self.deadlocks.resting:
            self.deadlocks.wake()

    # Sending, for plain code.

    @tells
    def tell(
        self,
        to: Ref[Any] | Address[Any] | GroupAddress[Any],
        message: object,
        *,
        timeout: float | None = None,
        wait_for_peer: bool = False,
    ) -> Outcome[Any]:
        """Send without an answer: `await` it on the loop, `.get()` it on another thread. See `Actor.tell`."""
        if timeout is not None and timeout.__class__ is not float:
            check_timeout(timeout)
        # The short ways of `send`, without its call: 12 % of a tell to an actor here, 31 % by its ref, 3 % to a peer.
        if not self.closing:
            if type(to) is Address:
                where = to.where
                if where is LOCAL:
                    cell = self.cell(to.reactor)
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
            check_timeout(timeout)
        return self.send_many(to, messages, timeout, None)

    @asks
    def ask(
        self,
        to: Ref[Any] | Address[Any] | GroupAddress[Any],
        message: object,
        *,
        reply: TypeForm[Any] | None = None,
        timeout: float | None = None,
        hedge: float | None = None,
        quorum: int | Share | None = None,
        wait_for_peer: bool = False,
    ) -> Outcome[Any]:
        """Send and get the answer: `await` it on the loop, `.get()` it on another thread. See `Actor.ask`."""
        if timeout is not None and timeout.__class__ is not float:
            check_timeout(timeout)
        if reply is not None:
            check_reply(reply)
        if hedge is None and quorum is None and not wait_for_peer:
            # The short way of `request`, 7 % of such an ask.
            if type(to) is Address and to.where is LOCAL and get_ident() == self.thread and not self.closing:
                cell = self.cell(to.reactor)
                if cell is not None:
                    return cell.ask(message, None, timeout, reply, self)
            return self.request(to, message, timeout, reply, None)
        return self.request(to, message, timeout, reply, None, How(hedge, quorum, wait_for_peer))

    # Sending, for actors and links: these know the sender.

    send = routed_tell
    send_many = routed_many
    request = routed_ask

    def check_running(self) -> None:
        """Raise PeerbusError where it does not run yet."""
        if not self.thread:
            raise PeerbusError(f"{self.name} does not run: enter it, or start() it")

    def refusal(self, message: object = None) -> SendError:
        """Why nothing new is taken."""
        error = (self.lost() if self.thread else None) or ShuttingDown(f"{self.name} is shutting down")
        error.message = message
        return error

    def seconds(self, to: Ref[Any] | Address[Any] | GroupAddress[Any], timeout: float | None) -> float:
        """What a send may take: `timeout`, or what its channel says."""
        if timeout is not None:
            return timeout
        if isinstance(to, Ref):
            return to._cell.timeout
        channel = self.channels.get(getattr(to, "reactor", ""))
        return DEFAULT_TIMEOUT if channel is None else channel.timeout

    def deadline(self, reactor: str, timeout: float | None) -> float:
        """When a send to a reactor of that name ends that may take so many seconds, None for its channel's."""
        if timeout is None:
            channel = self.channels.get(reactor)
            timeout = DEFAULT_TIMEOUT if channel is None else channel.timeout
        return self.loop.time() + timeout

    def unroutable(self, error: SendError, to: object, sender: Cell | None) -> FailedOutcome:
        """A send found no receiver: count it, let dead letters know. Returns its outcome."""
        self._dead_letters.unroutable(error.reason)
        reactor = to.reactor if isinstance(to, Address | GroupAddress) else NO_CHANNEL
        self.books.tally(Side.ASTRAY, reactor).refused(error.reason)
        self.dead_letter(
            error.message, error.reason, to=to, sender=None if sender is None else sender.address, error=error
        )
        return FailedOutcome(error)

    # Watching, for actors.

    watch = watch
    unwatch = unwatch

    # Facts.

    def publish(self, event: object) -> None:
        """Put a fact on the event stream. From any thread; one that nobody listens for is not kept for a moment."""
        events = self._events
        if events is not None and events.wants(event):
            with contextlib.suppress(SendError):  # the bus has stopped
                self._events_ref._cell.mailbox.offer_foreign(Envelope(event))

    def _event_lost(self, _envelope: Envelope, _error: SendError) -> None:
        """Not a dead letter: that is an event, and would be lost as well. The stream's mailbox has counted it."""

    def subscribe(self, *types: type[E]) -> Subscription[E]:
        """Events of these types, for plain code on the loop: `async with bus.subscribe(DeadLetter) as events`."""
        if self._events is None:
            raise PeerbusError(f"{self.name} does not run")
        return Subscription(self._events, event_types(types))

    def offer(self, capabilities: Iterable[Capability]) -> None:
        """This node offers these from now on, and no others. On the loop's thread."""
        self.roles = {capability.role: capability for capability in capabilities}
        self.tell_router(RolesChanged())

    def subscribe_actor(self, ref: Ref[Any], *types: type) -> None:
        """Send the actor every event of these types, as messages."""
        if self._events is None:
            raise PeerbusError(f"{self.name} does not run")
        self._events.actors[ref] = event_types(types)

    def unsubscribe_actor(self, ref: Ref[Any]) -> None:
        """Send the actor no more events."""
        if self._events is not None:
            self._events.actors.pop(ref, None)

    def dead_letter(
        self, message: object, reason: str, *, to: object, sender: object, error: SendError | None = None
    ) -> None:
        """Count, log and publish a message that nobody handled. From any thread."""
        if error is not None:
            error.in_dead_letters = True
        where, whose = str(to), "-" if sender is None else str(sender)
        if (
            self._dead_letters.add(message, reason, where, whose, self.loop.time() if self.thread else 0.0)
            and self.thread
        ):
            self.call(self._sum_up_soon)
        if not isinstance(message, DeadLetter | ActorFailed):  # nobody shall hear of what he failed to hear of
            self.publish(DeadLetter(message, reason, where, whose, error))

    def _sum_up_soon(self) -> None:
        """Say in a second how many dead letters were not logged; at once where the bus has ended, and its timers."""
        if self.stopped:
            self._dead_letters.close()
        else:
            if self._summing_up is not None:
                self._summing_up.cancel()
            self._summing_up = self.loop.call_later(1.0, self._dead_letters.close)

    def statistics(self) -> BusStatistics:
        """Counters and levels at this instant."""
        return BusStatistics(
            actors={name: cell.mailbox.statistics() for name, cell in tuple(self.actors.by_name.items())},
            failed=self._dead_letters.failed,
            dead_letters=self._dead_letters.counts,
            ledger=self.ledger(),
        )

    def ledger(self) -> Ledger:
        """What became of every send since the bus started, by channel. On the loop's thread, or when it has stopped."""
        return self.books.ledger(self.actors.accounts())

    def __repr__(self) -> str:
        return f"<Bus {self.name} {len(self.actors.by_name)} actors>"


def _no_search() -> str:
    return "a bus has no network of its own, so give the program a Node"
