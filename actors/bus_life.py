"""The life of a bus: how it is entered, on a loop or with a thread of its own, and how it is closed.

A bus runs once. What ends it otherwise is in `sudden_end`; the order in which its actors end is in `engine/closing`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from contextvars import Context
from functools import partial
from math import inf
from random import Random
from threading import get_ident
from typing import Any, Protocol, TypeVar

from .actor_table import ActorTable, ActorTableHost
from .base import PeerbusError, SendError, ShuttingDown, get_logger, new_task
from .engine import (
    BLOCKING_THREADS,
    Arrivals,
    BlockingThreads,
    Body,
    Closing,
    LoopThread,
    Ref,
    StallWatch,
    context_on,
    factories_of,
)
from .event_stream import Events, EventStream
from .router import Router
from .sends import DeadlineWheel, DeadlockWatch
from .sudden_end import SuddenEnd, SuddenEndHost

__all__ = ["SHUTDOWN_TIMEOUT", "BusLife", "BusLifeHost"]

A = TypeVar("A", bound=Body)

log = get_logger("peerbus.actors")

#: Seconds that users' actors have for the work at hand before they are killed.
SHUTDOWN_TIMEOUT = 5.0


def _is_number(seconds: object) -> bool:
    return isinstance(seconds, int | float) and not isinstance(seconds, bool)


class BusLifeHost(ActorTableHost, SuddenEndHost, AbstractAsyncContextManager[object], Protocol):
    """What its life needs of a bus: what it makes for it when it begins."""

    rng: Random
    shutdown_timeout: float
    context: Context
    router: Ref[Router]

    @property
    def life(self) -> BusLife:
        """This."""

    @property
    def actors(self) -> ActorTable:
        """Its actors."""

    @property
    def events(self) -> Events:
        """Its facts."""

    def spawn(self, factory: Callable[..., A], *args: Any, name: str | None = None) -> Ref[A]:
        """As `Bus.spawn`."""


class BusLife:
    """See the module. Task: the one of `_close` (waits for: actors; feeds: whoever closes the bus)."""

    def __init__(
        self,
        bus: BusLifeHost,
        reactors: Iterable[Callable[[], Body]],
        slow_handler: float | None,
        blocking_threads: int = BLOCKING_THREADS,
    ) -> None:
        if not (_is_number(bus.shutdown_timeout) and 0 <= bus.shutdown_timeout < inf):
            raise ValueError(f"shutdown_timeout is {bus.shutdown_timeout!r}; write seconds, 0 or more")
        if slow_handler is not None and not (_is_number(slow_handler) and 0 < slow_handler < inf):
            raise ValueError(f"slow_handler is {slow_handler!r}; write seconds above 0, or None for no warning")
        self._bus = bus
        self._reactors = factories_of("reactors", reactors)
        self._slow_handler = slow_handler
        #: Threads for functions of actors that block.
        self.blocking: BlockingThreads = BlockingThreads(bus.name, blocking_threads)
        #: How it ends where nobody closes it.
        self.sudden: SuddenEnd = SuddenEnd(bus)
        #: Names handlers that block the loop; None where it is not to, or cannot.
        self.stall_watch: StallWatch | None = None
        self._own_thread: LoopThread | None = None
        self._ends: Closing | None = None
        self._closer: asyncio.Task[None] | None = None
        self._stopped: asyncio.Event | None = None
        #: The failure that an actor without a parent handed on, if one has.
        self.escalation: BaseException | None = None
        #: SystemExit or KeyboardInterrupt, raised on an actor: whoever waits for the end of the bus raises it on.
        self._exit: BaseException | None = None
        self._handed_on = False

    # Its begin.

    async def enter(self) -> None:
        """Begin on the loop that runs; returns when the reactors have started."""
        bus = self._bus
        self._check_fresh(entered=True)
        loop = bus.loop = asyncio.get_running_loop()
        bus.thread = get_ident()
        bus.wheel = DeadlineWheel(loop)
        self._stopped = asyncio.Event()
        bus.context = context_on(bus)
        bus.deadlocks = DeadlockWatch(bus.name, loop, bus.context, bus.rng)
        bus.arrivals = Arrivals(loop, bus.context)
        await self.sudden.watch()
        events = bus.spawn(EventStream, name="peerbus.events")
        bus.events.begin(events)
        bus.router = bus.spawn(Router, name="peerbus.router")
        self.stall_watch = StallWatch.on(bus, self._slow_handler)
        try:
            await bus.actors.started(events, bus.router)
            for factory in self._reactors:
                await bus.actors.started(bus.spawn(factory))
        except BaseException:
            await self.aclose()
            self.hand_on_exit()
            raise

    def start(self) -> None:
        """Begin on a loop in a thread of its own; as `Bus.start`."""
        self._check_fresh()
        bus = self._bus
        self._own_thread = LoopThread(bus, name=f"peerbus {bus.name}", patience=bus.shutdown_timeout)
        self._own_thread.start()

    def _check_fresh(self, *, entered: bool = False) -> None:
        """A bus runs once. `entered`: by the thread that `start` has made, or without."""
        if self._bus.closing:
            raise PeerbusError(f"{self._bus.name} has stopped; a bus runs once: make a new one, Bus(…)")
        if self._bus.thread or (self._own_thread is not None and not entered):
            raise PeerbusError(f"{self._bus.name} runs already; a bus is entered once")

    def check_running(self) -> None:
        """Raise PeerbusError where it does not run yet."""
        if not self._bus.thread:
            raise PeerbusError(f"{self._bus.name} does not run: enter it, or start() it")

    # Its end.

    @property
    def stopped(self) -> bool:
        """It has run, and has come to its end."""
        return bool(self._bus.thread) and self._stopped is not None and self._stopped.is_set()

    @property
    def time_to_end(self) -> float:
        """Seconds that what is under way may take if the bus closes now, or has begun to; see `closing`."""
        return self._bus.shutdown_timeout if self._ends is None else max(0.0, self._ends.until - self._bus.loop.time())

    async def aclose(self) -> None:
        """As `Bus.aclose`."""
        if self._bus.thread and not self.stopped and self.sudden.lost() is None:
            self._check_loop("aclose")
            self.close_soon()
            assert self._closer is not None
            await asyncio.shield(self._closer)
        self._bus.closing = True

    @property
    def ending(self) -> bool:
        """It is being closed, or has been. Not where whoever ended the loop has cancelled that."""
        return self._closer is not None and not self._closer.cancelled()

    def close_soon(self) -> None:
        """Begin to close, unless it has begun to. On the loop's thread."""
        if not self.ending:
            bus = self._bus
            bus.closing = True
            self._ends = Closing(bus)
            self._closer = new_task(self._close(self._ends), loop=bus.loop, name=f"peerbus {bus.name} closing")

    async def _close(self, closing: Closing) -> None:
        bus = self._bus
        await closing.run()
        await self.blocking.aclose()
        bus.wheel.close(partial(ShuttingDown, f"{bus.name} has stopped"))
        for part in (bus.deadlocks, bus.arrivals, self.stall_watch, bus.dead_letters):
            if part is not None:
                part.close()
        self.sudden.forget()
        assert self._stopped is not None
        self._stopped.set()
        await self.sudden.end_watch()

    def stop(self) -> None:
        """As `Bus.stop`."""
        if self._own_thread is not None:
            self._own_thread.stop()
        elif self._bus.thread and not self._bus.closing:
            name = self._bus.name
            raise PeerbusError(f"{name} was entered by `async with`: leave that, or `await bus.aclose()`")

    async def wait_stopped(self) -> None:
        """As `Bus.wait_stopped`."""
        if not self._bus.closing:
            self.check_running()
        if self._bus.thread and not self.stopped:
            self._check_loop("wait_stopped")
            assert self._stopped is not None
            await self._stopped.wait()
        if self._exit is not None:
            self._handed_on = True
            raise self._exit

    def _check_loop(self, call: str) -> None:
        bus = self._bus
        if asyncio.get_running_loop() is not bus.loop:
            hint = f"await {call}() there" if self._own_thread is None else "it has a thread of its own: call stop()"
            raise PeerbusError(f"{bus.name} runs on another event loop than the one that awaits {call}(); {hint}")

    # What actors end it by.

    def escalated(self, actor: str, error: BaseException) -> None:
        """A top-level actor handed its failure on: the bus itself has failed, and stops."""
        log.critical("failure escalated, the bus stops", node=self._bus.name, actor=actor, exc_info=error)
        self.escalation = error
        self._bus.on_loop(self.close_soon)

    def exit(self, actor: str, error: BaseException) -> None:
        """An actor raised SystemExit or KeyboardInterrupt: the bus stops in order, and then hands it on."""
        if self._exit is None:
            log.critical("an actor ends the program, the bus stops", node=self._bus.name, actor=actor, exc_info=error)
            self._exit = error
            self._bus.on_loop(self.close_soon)

    def lose(self) -> None:
        """The loop runs no more, and the bus was not closed. From any thread."""
        self.sudden.lose()

    def hand_on_exit(self) -> None:
        """Raise what `exit` was told, to the first who asks once the bus has stopped."""
        if self._exit is not None and not self._handed_on:
            self._handed_on = True
            raise self._exit

    def refusal(self, message: object = None) -> SendError:
        """Why nothing new is taken."""
        error = (self.sudden.lost() if self._bus.thread else None) or ShuttingDown(f"{self._bus.name} is shutting down")
        error.message = message
        return error
