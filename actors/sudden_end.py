"""How a bus ends that nobody has closed: its loop ends or was closed, its thread or the program ends, or it is lost.

Where the loop still runs it is closed in order, and a warning says that it was forgotten. Where none runs any more,
nothing new is taken, and what waits is told so. In the child of a fork it does not run at all.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator
from threading import get_ident
from typing import Protocol

from .base import (
    ENDED,
    SendError,
    ShuttingDown,
    bind_to_thread,
    closed_with_loop,
    end_guard,
    finish_at_exit,
    finished,
    forked_error,
    get_logger,
    not_in_child,
    runs_no_more,
    warn_unfinished,
)
from .engine import MARGIN, BlockingThreads, RunningActors, ThreadCell
from .forked_bus import HasActors, HasParts, refuse_all

__all__ = ["SuddenEnd", "SuddenEndHost"]

log = get_logger("peerbus.actors")


class SuddenEndHost(HasParts, Protocol):
    """What this needs of its bus."""

    loop: asyncio.AbstractEventLoop
    #: The identifier of the loop's thread; 0 before it runs, `ENDED` when that thread has ended.
    thread: int
    #: It takes no new work.
    closing: bool
    shutdown_timeout: float

    @property
    def actors(self) -> RunningTable:
        """Its actors."""

    @property
    def life(self) -> OrderlyEnd:
        """Its life, which closes it."""


class RunningTable(HasActors, RunningActors, Protocol):
    """The table of its actors."""


class OrderlyEnd(Protocol):
    """What closes it in order."""

    @property
    def blocking(self) -> BlockingThreads:
        """The threads for functions that block."""

    @property
    def stopped(self) -> bool:
        """It has come to its end."""

    @property
    def ending(self) -> bool:
        """It is being closed, or has been."""

    async def aclose(self) -> None:
        """Close it, and wait for the end."""


class SuddenEnd:
    """See the module. It hears of ends by hooks, which know it weakly: it lives as long as its bus."""

    def __init__(self, bus: SuddenEndHost) -> None:
        self._bus = bus
        self._guard: AsyncGenerator[None] | None = None
        #: It was said that nobody has left the bus.
        self._told = False
        self._forked = False

    async def watch(self) -> None:
        """The bus begins, on this thread and loop."""
        bind_to_thread(self)
        not_in_child(self)
        finish_at_exit(self)
        self._guard = closed_with_loop(self)
        await anext(self._guard)

    def forget(self) -> None:
        """The bus has ended in order: of threads, forks and the program's end it need not hear."""
        runs_no_more(self)
        finished(self)

    async def end_watch(self) -> None:
        """As `forget`, of the loop's end; the last thing that an end in order does."""
        if self._guard is not None:
            await end_guard(self._guard)

    # The loop ends, or the program, and the loop can still run.

    async def close_left(self) -> None:
        """The loop ends, and nobody has left the bus: say so, and close it."""
        life = self._bus.life
        if not life.stopped and self._bus.thread == get_ident():
            try:
                if not life.ending:
                    self._warn()
            finally:
                await life.aclose()

    def finish(self) -> None:
        """The program ends, and nobody has left the bus."""
        bus = self._bus
        if bus.life.stopped or self._forked:
            return
        on_threads = [cell.thread for cell in bus.actors.running() if isinstance(cell, ThreadCell)]
        if self.lost() is not None:
            # They are told to end, and are daemons. One that writes while the interpreter goes away aborts the process.
            until = time.monotonic() + bus.shutdown_timeout
            for thread in (*on_threads, *bus.life.blocking.tell_all()):
                thread.join(max(0.0, until - time.monotonic()))
            return
        self._warn()
        if bus.loop.is_running():
            asyncio.run_coroutine_threadsafe(bus.life.aclose(), bus.loop).result(bus.shutdown_timeout + MARGIN)
        elif bus.thread == get_ident():
            bus.loop.run_until_complete(bus.life.aclose())

    def __del__(self) -> None:  # nobody has the bus any more
        if self._bus.thread and not (self._told or self._forked or self._bus.life.stopped):
            self._warn()

    def _warn(self) -> None:
        self._told = True
        warn_unfinished(f"bus {self._bus.name!r}", "leave it: `async with`, or `await aclose()`")

    # Nothing runs any more.

    def thread_ended(self) -> None:
        """The loop's thread has ended, whatever became of the bus: whoever has its identifier next is not it."""
        # Nothing is logged here, where the thread is half gone: `logging` would make it a new one that never ends.
        thread, self._bus.thread = self._bus.thread, ENDED
        self._bus.closing = True
        self._bus.life.blocking.tell_all()
        for cell in self._bus.actors.running():
            if cell.mailbox.owner == thread:
                cell.mailbox.owner = ENDED
                cell.mark_stopped()
            else:
                cell.kill("the thread of its bus has ended")

    def lose(self) -> None:
        """The loop runs no more, and the bus was not closed: nothing new is taken, and no ref is alive.

        From any thread.
        """
        self._bus.closing = True
        self._say_lost()
        self._bus.life.blocking.tell_all()
        for cell in self._bus.actors.running():
            if isinstance(cell, ThreadCell):
                cell.kill("the event loop of its bus has ended")
            else:
                cell.mark_stopped()
                with contextlib.suppress(RuntimeError):  # whoever waits for room on a loop that has closed
                    cell.mailbox.shut(f"the event loop of {cell} has ended")

    def _say_lost(self) -> None:
        if not (self._bus.life.stopped or self._told):
            self._told = True
            log.warning("the event loop has ended, and nobody has left the bus", node=self._bus.name)

    def lost(self) -> SendError | None:
        """Why nothing that is open here ever ends, where the loop or its thread ended without a word; or None."""
        bus = self._bus
        if self._forked:
            return forked_error(f"bus {bus.name!r}")
        if bus.thread == ENDED:
            self._say_lost()
            return ShuttingDown(f"{bus.name} has ended: the thread of its event loop has")
        if bus.thread and bus.loop.is_closed():
            self.lose()
            return ShuttingDown(f"{bus.name} has ended: its event loop was closed")
        return None

    def forked(self) -> None:
        """This process is the child of a fork: nothing of this bus runs here."""
        self._bus.closing, self._forked, self._bus.thread = True, True, ENDED
        refuse_all(self._bus)
