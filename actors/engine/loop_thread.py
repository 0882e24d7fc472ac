"""Runs an async context manager on an event loop in a thread of its own, for programs that are not async."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from contextvars import copy_context
from functools import partial
from typing import Any, ParamSpec, TypeVar

from ..base import (
    PeerbusError,
    WouldDeadlock,
    finish_at_exit,
    finished,
    forget_task,
    forked_error,
    get_logger,
    not_in_child,
    warn_unfinished,
)

__all__ = ["LoopThread", "check_plain", "new_event_loop"]

P = ParamSpec("P")
R = TypeVar("R")

log = get_logger("peerbus.actors")

#: Seconds that what is left on the loop may take to end, tasks and threads, once the manager was left.
SWEEP_TIMEOUT = 1.0
#: Seconds that a stop may take beyond those that the manager promised to take, before the caller that stops is told.
MARGIN = 10.0


def new_event_loop() -> asyncio.AbstractEventLoop:
    """An event loop: uvloop's where it is installed (the extra `peerbus[fast]`), else asyncio's own."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def check_plain(what: str) -> None:
    """Raise PeerbusError where an event loop runs in this thread, which `with` would stop."""
    if asyncio._get_running_loop() is not None:
        raise PeerbusError(f"`with {what}` would stop this event loop: write `async with {what}`")


class LoopThread:
    """Thread: one, named (waits for: `stop`; feeds: what the context manager serves).

    `patience`: seconds that leaving the manager takes at most, unless something holds up the loop. Tasks that do not
    end by then, and threads that the loop has lent out, are left to themselves and named in the log.
    """

    def __init__(
        self, manager: AbstractAsyncContextManager[object], *, name: str, patience: float = threading.TIMEOUT_MAX
    ) -> None:
        self._manager = manager
        self._patience = min(patience + MARGIN, threading.TIMEOUT_MAX)
        self._ready = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=partial(copy_context().run, self._run), name=name, daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._forked = False

    def start(self) -> None:
        """Enter the manager; returns when it is entered. Raises what entering raised."""
        not_in_child(self)
        finish_at_exit(self)
        self._thread.start()
        self._ready.wait()
        if self._error is not None:
            self._thread.join()
            raised, self._error = self._error, None
            try:
                raise raised
            finally:
                del raised  # it keeps this frame, see outcome

    def stop(self) -> None:
        """Leave the manager and wait for it. Idempotent.

        Raises WouldDeadlock on the loop's own thread, PeerbusError where something holds up the loop, and what leaving
        raised: to the first caller that stops.
        """
        if self._forked:
            raise forked_error(self._thread.name)
        if threading.current_thread() is self._thread:
            raise WouldDeadlock("stop() waits for this very thread: call it from another one")
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
            try:
                self._loop.call_soon_threadsafe(self._stop.set)
            except RuntimeError as error:  # it has closed meanwhile: there is nothing left to stop
                if self._thread.is_alive() and not self._loop.is_closed():
                    raise PeerbusError("the event loop refuses to stop") from error
        self._thread.join(self._patience)
        if self._thread.is_alive():
            raise PeerbusError(f"{self._thread.name} does not stop: something holds up its event loop")
        raised, self._error = self._error, None
        if raised is not None:
            try:
                raise raised
            finally:
                del raised

    def finish(self) -> None:
        """The program ends, and nobody has stopped this."""
        if self._thread.is_alive() and not self._forked:
            warn_unfinished(self._thread.name, "call stop(), or use `with`")
            self.stop()

    def forked(self) -> None:
        """This process is the child of a fork: the thread is its parent's."""
        self._forked = True

    def _run(self) -> None:
        try:
            loop = self._loop = new_event_loop()
            lent = Lent()
            loop.set_default_executor(lent)
            try:
                loop.run_until_complete(self._main())
            finally:
                # As the end of `asyncio.run`, which waits for ever.
                loop.run_until_complete(self._sweep(lent))
                loop.close()
        except BaseException as error:  # noqa: BLE001  # the caller that starts or stops it raises it
            self._error = error
        finally:
            self._ready.set()
            finished(self)

    async def _main(self) -> None:
        self._stop = asyncio.Event()
        async with self._manager:
            self._ready.set()
            await self._stop.wait()

    async def _sweep(self, lent: Lent) -> None:
        loop, name = asyncio.get_running_loop(), self._thread.name
        until = loop.time() + SWEEP_TIMEOUT
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        if tasks:
            for task in (await asyncio.wait(tasks, timeout=SWEEP_TIMEOUT))[1]:
                log.error("a task does not end although it was cancelled", loop=name, task=task.get_name())
                forget_task(task)
        await asyncio.wait([asyncio.ensure_future(loop.shutdown_asyncgens())], timeout=SWEEP_TIMEOUT)
        while lent.work and loop.time() < until:  # noqa: ASYNC110  # other threads end it
            await asyncio.sleep(SWEEP_TIMEOUT / 100)
        if lent.work:
            log.error("a thread does not end that was lent by asyncio.to_thread or the like", loop=name)
        lent.shutdown(wait=not lent.work, cancel_futures=True)


class Lent(ThreadPoolExecutor):
    """The threads that a loop lends out, as it has them by itself; but it is known which of them are at work."""

    def __init__(self) -> None:
        super().__init__(thread_name_prefix="asyncio")
        self.work: set[Future[Any]] = set()

    def submit(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """As `ThreadPoolExecutor.submit`."""
        future = super().submit(function, *args, **kwargs)
        self.work.add(future)
        future.add_done_callback(self.work.discard)
        return future
