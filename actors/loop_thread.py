"""Runs an async context manager on an event loop in a thread of its own, for programs that are not async."""

from __future__ import annotations

import asyncio
import threading
from contextlib import AbstractAsyncContextManager
from contextvars import copy_context
from functools import partial

from .errors import PeerbusError, WouldDeadlock
from .forks import forked_error, not_in_child

__all__ = ["LoopThread", "check_plain", "new_event_loop"]


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
    """Thread: one, named (waits for: `stop`; feeds: whoever the context manager serves)."""

    def __init__(self, manager: AbstractAsyncContextManager[object], *, name: str) -> None:
        self._manager = manager
        self._ready = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=partial(copy_context().run, self._run), name=name, daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._forked = False

    def start(self) -> None:
        """Enter the manager; returns when it is entered. Raises what entering raised."""
        not_in_child(self)
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

        Raises WouldDeadlock on the loop's own thread, and what leaving raised: to the first who stops.
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
        self._thread.join()
        raised, self._error = self._error, None
        if raised is not None:
            try:
                raise raised
            finally:
                del raised

    def forked(self) -> None:
        """This process is the child of a fork: the thread is its parent's."""
        self._forked = True

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=new_event_loop) as runner:
                runner.run(self._main())
        except BaseException as error:  # noqa: BLE001  # whoever starts or stops it raises it
            self._error = error
        finally:
            self._ready.set()

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        async with self._manager:
            self._ready.set()
            await self._stop.wait()
