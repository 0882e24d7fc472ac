"""Functions that block, on threads beside the event loop: a bounded number at once, each told when nobody waits for it.

Laws:
1. At most `most` of a bus run at the same moment, whichever of its actors called. A call beyond that awaits its
   turn, in the order of the calls; each of these is held by the handler or task that awaits it, so they need no bound
   of their own.
2. Whoever gives up (a deadline, a kill, a restart, the end of the node) goes on at once. What has not begun then never
   begins. What runs is told, by `check_cancelled` and `wait_cancelled`, and keeps its place until it returns.
3. When the bus has ended, all that runs has been told. What still runs `PATIENCE` later is named in the log, and left:
   the threads are daemons, so that none of them keeps the program alive.
4. On a loop of virtual time a function runs where it is called, and takes no time: a seed replays the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from contextvars import Context, ContextVar, copy_context
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from ..base import PeerbusError, ShuttingDown, for_future, get_logger, keeps_another_time

__all__ = ["BLOCKING_THREADS", "BlockingThreads", "BlockingView", "check_cancelled", "wait_cancelled"]

T = TypeVar("T")

log = get_logger("peerbus.actors")

#: Functions of one bus that block at the same moment, as many as Python's own executor has threads.
BLOCKING_THREADS = min(32, (os.cpu_count() or 1) + 4)
#: Seconds that a thread waits for another function before it ends.
IDLE = 10.0
#: Seconds that functions have to return once the bus has ended and they were told.
PATIENCE = 1.0
#: Seconds between two looks whether they have.
LOOK = 0.01


@dataclass(frozen=True, slots=True)
class BlockingView:
    """Calls of `run_blocking` at an instant. `told`: of those that run, how many go on though nobody waits for them."""

    most: int
    running: int
    waiting: int
    told: int


class _Call(Generic[T]):
    __slots__ = ("context", "function", "future", "loop", "name", "told")

    def __init__(self, function: Callable[[], T], name: str, loop: asyncio.AbstractEventLoop) -> None:
        self.function: Callable[[], T] | None = function
        self.name = name
        self.loop = loop
        self.future: asyncio.Future[T] = loop.create_future()
        self.context: Context | None = copy_context()
        self.told = threading.Event()

    def run(self) -> None:
        """On a thread: call the function, and hand over what became of it."""
        function, context = self.function, self.context
        self.function = self.context = None  # what they hold goes with the call, not with what looks at it
        assert function is not None
        assert context is not None
        try:
            _set(context, self.told)
            deliver = _Deliver(self, context.run(function), None)
        except BaseException as error:  # the caller's
            if self.told.is_set() and not isinstance(error, asyncio.CancelledError):
                log.warning("a function failed for which nobody waited any more", function=self.name, exc_info=error)
            error.__traceback__ = error.__traceback__ and error.__traceback__.tb_next
            deliver = _Deliver(self, None, error)
        del function, context
        self._hand_over(deliver)

    def refuse(self, error: Exception) -> None:
        """It is not begun."""
        self._hand_over(_Deliver(self, None, error))

    def _hand_over(self, deliver: _Deliver[T]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended, and with it whoever waited
            self.loop.call_soon_threadsafe(deliver)


class _Deliver(Generic[T]):
    """Hands a result to whoever awaits it, on its loop."""

    __slots__ = ("_call", "_error", "_value")

    def __init__(self, call: _Call[T], value: T | None, error: BaseException | None) -> None:
        self._call = call
        self._value = value
        self._error = error

    def __call__(self) -> None:
        future, error = self._call.future, self._error
        if future.done():
            return
        if error is None:
            future.set_result(cast("T", self._value))
        elif isinstance(error, SystemExit | KeyboardInterrupt):
            future.set_exception(error)
        else:
            future.set_exception(for_future(error))
        self._error = None


_TOLD: ContextVar[threading.Event | None] = ContextVar("peerbus_blocking_told", default=None)


def _set(context: Context, told: threading.Event) -> None:
    context.run(_TOLD.set, told)


def check_cancelled() -> None:
    """In a function that `run_blocking` runs: raise `asyncio.CancelledError` if nobody waits for it any more.

    Elsewhere it does nothing, so that the function can be called as any other.

    ```python
    def add_up(numbers: list[int]) -> int:  # for `await self.run_blocking(add_up, numbers)`
        total = 0
        for number in numbers:
            check_cancelled()
            total += number
        return total

    assert add_up([1, 2]) == 3
    ```
    """
    told = _TOLD.get()
    if told is not None and told.is_set():
        raise asyncio.CancelledError("nobody waits for this function any more")


def wait_cancelled(timeout: float) -> bool:
    """In a function that `run_blocking` runs: wait `timeout` seconds, or until nobody waits for it. True: nobody does.

    In the place of `time.sleep`, which it is elsewhere.

    ```python
    def poll(times: int) -> int:  # for `await self.run_blocking(poll, 10)`
        for _ in range(times):
            if wait_cancelled(0.001):
                return 0
        return times

    assert poll(2) == 2
    ```
    """
    told = _TOLD.get()
    if told is not None:
        return told.wait(timeout)
    time.sleep(timeout)
    return False


class BlockingThreads:
    """The threads of one bus for functions that block; see the module.

    Threads: `most`, each made when it is needed (waits for: the next function; feeds: the loop of whoever called).
    """

    def __init__(self, name: str, most: int) -> None:
        number: object = most  # whatever a program without type checks gives
        if not isinstance(number, int) or isinstance(number, bool) or most < 1:
            raise ValueError(f"blocking_threads is {most!r}; write how many functions may block at once, 1 or more")
        self._name = name
        self._most = most
        self._closed = False
        self._changed = threading.Condition()
        self._waiting: deque[_Call[object]] = deque()
        self._running: set[_Call[object]] = set()
        self._threads: set[threading.Thread] = set()
        self._idle = 0
        self._numbers = 0

    async def run(self, function: Callable[[], T], name: str) -> T:
        """Call `function` on a thread, and return what it returns. `name`: what it is called in logs.

        Raises what it raises; ShuttingDown where the bus has ended.
        """
        loop = asyncio.get_running_loop()
        if keeps_another_time(loop):
            return copy_context().run(function)
        call = _Call(function, name, loop)
        del function
        try:
            self._submit(cast("_Call[object]", call))
            return await call.future
        except asyncio.CancelledError:
            self._give_up(cast("_Call[object]", call))
            raise
        finally:
            del call  # an error keeps this frame, and so would the call

    def view(self) -> BlockingView:
        """How many there are at this instant."""
        with self._changed:
            told = sum(call.told.is_set() for call in self._running)
            return BlockingView(self._most, len(self._running), len(self._waiting), told)

    def _submit(self, call: _Call[object]) -> None:
        with self._changed:
            if self._closed:
                raise ShuttingDown(f"{self._name} has stopped, and runs no function any more")
            self._waiting.append(call)
            if self._idle >= len(self._waiting):
                self._changed.notify()
            elif len(self._threads) < self._most:
                self._start(call)

    def _start(self, call: _Call[object]) -> None:
        self._numbers += 1
        thread = threading.Thread(target=self._work, name=f"peerbus {self._name} blocking {self._numbers}", daemon=True)
        self._threads.add(thread)
        try:
            thread.start()
        except RuntimeError as error:  # the system has no more
            self._threads.discard(thread)
            if not self._threads:
                self._waiting.remove(call)
                raise PeerbusError(f"{call.name} cannot run: {error}") from error

    def _give_up(self, call: _Call[object]) -> None:
        with self._changed:
            if call in self._waiting:
                self._waiting.remove(call)
        call.told.set()

    def _work(self) -> None:
        while (call := self._next()) is not None:
            try:
                call.run()
            finally:
                with self._changed:
                    self._running.discard(call)
                del call

    def _next(self) -> _Call[object] | None:
        with self._changed:
            self._idle += 1
            while not self._waiting and not self._closed:
                if not self._changed.wait(IDLE):
                    break
            self._idle -= 1
            if not self._waiting:
                self._threads.discard(threading.current_thread())
                return None
            call = self._waiting.popleft()
            self._running.add(call)
            return call

    # The end.

    def tell_all(self) -> tuple[threading.Thread, ...]:
        """The bus ends: take nothing new, begin nothing, tell all that runs. Returns the threads. From any thread."""
        with self._changed:
            self._closed = True
            left, self._waiting = self._waiting, deque()
            for call in self._running:
                call.told.set()
            self._changed.notify_all()
            threads = tuple(self._threads)
        for call in left:  # whose caller is on a loop of its own, that of an actor's thread
            call.refuse(ShuttingDown(f"{self._name} stops, {call.name} was not begun"))
        return threads

    async def aclose(self) -> None:
        """As `tell_all`, and wait until they have returned, `PATIENCE` at most."""
        threads = self.tell_all()
        if not threads:
            return
        until = time.monotonic() + PATIENCE
        # Threads tell nobody that they have ended.
        while any(thread.is_alive() for thread in threads) and time.monotonic() < until:  # noqa: ASYNC110
            await asyncio.sleep(LOOK)
        with self._changed:
            left = sorted(call.name for call in self._running)
        if left:
            log.error(
                "functions do not return though they were told; they are left behind",
                node=self._name,
                functions=left,
                instead="call check_cancelled(), or wait by wait_cancelled(…), in them",
            )
