"""A Pykka future that an event loop can await without blocking, and that refuses to block its own producer."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sys
import threading
from collections.abc import Callable, Generator, Iterable
from types import TracebackType
from typing import Any, TypeVar

import pykka

from .answers import misfit
from .current import current_bus
from .errors import RemoteError, WouldDeadlock

__all__ = ["BLOCKED", "ReplyFuture"]

T = TypeVar("T")
J = TypeVar("J")
M = TypeVar("M")
R = TypeVar("R")

ExcInfo = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]


#: What each thread that is blocked in `get` waits for, for whoever looks for deadlocks.
BLOCKED: dict[int, ReplyFuture[Any]] = {}


class Bridge(asyncio.Future[None]):
    """What an event loop awaits such a future by."""

    __slots__ = ("stands_for",)

    def __init__(self, loop: asyncio.AbstractEventLoop, future: ReplyFuture[Any]) -> None:
        super().__init__(loop=loop)
        self.stands_for = future


#: What an error passes on its way out of a future, and what would keep the future by the error, see outcome.
_PASSED = frozenset({__name__, "pykka._future", "pykka._threading"})


def _of_others(passed: TracebackType | None) -> TracebackType | None:
    kept: list[TracebackType] = []
    while passed is not None:
        if passed.tb_frame.f_globals.get("__name__") not in _PASSED:
            kept.append(passed)
        passed = passed.tb_next
    for entry in reversed(kept):
        passed = TracebackType(passed, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return passed


class ReplyFuture(pykka.ThreadingFuture[T]):
    """A Pykka future that an event loop can await without blocking, and that refuses to block its own producer."""

    def __init__(self) -> None:
        super().__init__()
        #: The thread that will produce the value: blocking on it there could never end.
        self.producer = 0
        #: The event loop's thread that a wait must not stop, or 0.
        self.loop_thread = 0
        #: The message that it is the answer to, where one is known: a `Request` names what that has to be.
        self.asked: object = None
        self._callbacks: list[Callable[[], object]] = []
        #: What has to end before the value is there, once that is known: a future or a task of a bus's loop, or a send.
        self.stands_for: object = None
        #: The futures that this one is derived from, by `map` and the like.
        self._sources: tuple[ReplyFuture[Any], ...] = ()

    def get(self, *, timeout: float | None = None) -> T:
        """The value; blocks at most `timeout` seconds. Raises `pykka.Timeout`, WouldDeadlock, or the error set."""
        if not self.done() and (current_bus() is not None or self._needs(threading.get_ident())):
            raise WouldDeadlock(
                "a blocking wait on the thread that has to produce the answer: await it, or ask from another thread"
            )
        thread = threading.get_ident()
        outer, BLOCKED[thread] = BLOCKED.get(thread), self
        try:
            return super().get(timeout=timeout)  # type: ignore[no-any-return]  # Pykka leaves it untyped
        except BaseException as error:
            error.__traceback__ = _of_others(error.__traceback__)
            raise
        finally:
            if outer is None:
                del BLOCKED[thread]
            else:
                BLOCKED[thread] = outer

    def _needs(self, thread: int) -> bool:
        # A wait on that thread would never end, or would stop an event loop.
        if self._sources:
            return any(source._needs(thread) for source in self._sources if not source.done())
        return thread in (self.producer, self.loop_thread)

    def done(self) -> bool:
        """The value or an error is there."""
        if self._sources:
            return all(source.done() for source in self._sources)
        return self._result is not None

    def set(self, value: object = None) -> None:
        """Set the value and wake whoever waits."""
        super().set(value)
        self._notify()

    def set_exception(self, exc_info: ExcInfo | None = None) -> None:
        """Set the error and wake whoever waits."""
        super().set_exception(sys.exc_info() if exc_info is None else exc_info)
        self._notify()

    def succeed(self, value: object) -> None:
        """Set the value unless there is an outcome already; an error where it is not what the message named."""
        if not self.done():
            named = getattr(self.asked, "__answer__", None)
            if named is not None and value.__class__ is not named:
                error = misfit(self.asked, named, value)
                if error is not None:
                    self.fail(error)
                    return
            with contextlib.suppress(queue.Full):  # another thread was first
                self.set(value)

    def raised(self, error: BaseException) -> None:
        """The handler raised `error`: so does `get`, as in Pykka, unless that would end the asker."""
        self.fail(RemoteError.of(error) if isinstance(error, SystemExit | KeyboardInterrupt | GeneratorExit) else error)

    def fail(self, error: BaseException) -> None:
        """Set the error unless there is an outcome already."""
        if not self.done():
            with contextlib.suppress(queue.Full):  # another thread was first
                self.set_exception((type(error), error, error.__traceback__))

    def on_done(self, callback: Callable[[], object]) -> None:
        """Call `callback` when the outcome is there, on the thread that brings it; at once if it is there."""
        with self._condition:
            if self._result is None:
                self._callbacks.append(callback)
                return
        callback()

    def _notify(self) -> None:
        with self._condition:
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def derive(self, hook: Callable[[float | None], T], *sources: ReplyFuture[Any]) -> None:
        """Compute the value by `hook(timeout)` when all `sources` are done."""
        self._sources = sources
        self.set_get_hook(hook)

    def filter(self: ReplyFuture[Iterable[J]], func: Callable[[J], bool]) -> ReplyFuture[Iterable[J]]:
        """A future with only the items for which `func` is true."""
        return self._derived(super().filter(func))

    def join(self, *futures: pykka.Future[Any]) -> ReplyFuture[Iterable[Any]]:
        """A future with a list of the values of this and the other futures."""
        return self._derived(super().join(*futures), *futures)

    def map(self, func: Callable[[T], M]) -> ReplyFuture[M]:
        """A future with `func` of the value."""
        return self._derived(super().map(func))

    def reduce(self: ReplyFuture[Iterable[J]], func: Callable[[R, J], R], *args: R) -> ReplyFuture[R]:
        """A future with the items reduced by `func`."""
        return self._derived(super().reduce(func, *args))

    def _derived(self, made: pykka.Future[M], *others: pykka.Future[Any]) -> ReplyFuture[M]:
        assert isinstance(made, ReplyFuture)
        made._sources = (self, *(other for other in others if isinstance(other, ReplyFuture)))
        return made

    def __await__(self) -> Generator[None, None, T]:
        try:
            for source in self._sources or (self,):
                yield from source._settled()
            return self.get()
        finally:
            del source, self  # an error keeps this frame, see outcome

    def _settled(self) -> Generator[None, None, None]:
        for source in self._sources:
            yield from source._settled()
        if self._sources or self.done() or self._get_hook is not None:
            return
        loop = asyncio.get_running_loop()
        bridge = Bridge(loop, self)

        def arrived() -> None:
            if not bridge.done():
                bridge.set_result(None)

        def bring() -> None:
            with contextlib.suppress(RuntimeError):  # the loop has closed: nobody awaits any more
                loop.call_soon_threadsafe(arrived)

        self.on_done(bring)
        try:
            yield from bridge
        finally:
            with self._condition, contextlib.suppress(ValueError):  # nobody awaits any more
                self._callbacks.remove(bring)

    __iter__ = __await__
