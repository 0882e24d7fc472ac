"""A Pykka future that an event loop can await without blocking, and that refuses to block its own producer."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sys
import threading
from collections.abc import Callable, Generator, Iterable
from math import inf
from time import monotonic
from types import TracebackType
from typing import Any, Protocol, TypeVar, cast

import pykka

from ..base import DeadlineExceeded, ProcessForked, RemoteError, SendError, WouldDeadlock, current_bus
from .future_like import HINT, FutureLike
from .judged import judged

__all__ = ["BLOCKED", "Producer", "ReplyFuture"]

T = TypeVar("T")
J = TypeVar("J")
M = TypeVar("M")
R = TypeVar("R")

ExcInfo = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]


#: Seconds after which a wait looks whether there is still a loop that can end it.
LOOK = 0.25
#: Seconds that a loop has to say by itself that a deadline has passed: its timers are up to 10 ms late, when not busy.
GRACE = 0.25

#: What each thread that is blocked in `get` waits for, for whoever looks for deadlocks.
BLOCKED: dict[int, ReplyFuture[Any]] = {}


class Producer(Protocol):
    """What brings a value: an actor, or a bus."""

    def blocks(self, thread: int) -> bool:
        """A wait on that thread would never end, or would stop an event loop."""

    def brings_on(self, thread: int) -> bool:
        """It brings its values on that thread."""

    def lost(self) -> SendError | None:
        """Why the value never comes, where the loop or the process ended without a word; None while it may come."""

    def abandoned(self, reply: ReplyFuture[Any]) -> None:
        """Nobody wants this value any more: end the work for it, where it can be ended. From any thread."""


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


class ReplyFuture(pykka.ThreadingFuture[T], FutureLike[T]):
    """A Pykka future that an event loop can await without blocking, and that refuses to block its own producer."""

    def __init__(self) -> None:
        super().__init__()
        self._task = None
        #: What will bring the value; None where that is not known.
        self.producer: Producer | None = None
        #: When it is to be there, by `time.monotonic()`.
        self.deadline = inf
        #: What was sent, where that is known.
        self.message: object = None
        #: The message that it is the answer to, where one is known: a `Request` names what that has to be.
        self.asked: object = None
        #: What that has to be beyond what the message names; see `rehearsal`.
        self.expected: object = None
        self._callbacks: list[Callable[[], object]] = []
        #: What has to end before the value is there, once that is known: a future or a task of a bus's loop, or a send.
        self.stands_for: object = None
        #: The futures that this one is derived from, by `map` and the like.
        self._sources: tuple[ReplyFuture[Any], ...] = ()

    def get(self, *, timeout: float | None = None) -> T:
        """The value; blocks at most `timeout` seconds, and not after the send's own deadline.

        Raises `pykka.Timeout`, WouldDeadlock, or the error set; ShuttingDown or DeadlineExceeded("loop") where the
        event loop that has to bring it has ended, or did not come to it in time.
        """
        if (
            not self.done()
            and (current_bus() is not None or self._needs(threading.get_ident()))
            and not self._give_up(monotonic())
        ):
            raise WouldDeadlock(
                "a blocking wait on the thread that has to produce the answer: await it, or ask from another thread"
            )
        thread = threading.get_ident()
        outer, BLOCKED[thread] = BLOCKED.get(thread), self
        try:
            if self._result is None and self._get_hook is None:
                self._wait(timeout)
            return super().get(timeout=timeout)  # type: ignore[no-any-return]  # Pykka leaves it untyped
        except BaseException as error:
            error.with_traceback(_of_others(error.__traceback__))  # not by setting it, which a frozen class refuses
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
        return self.producer is not None and self.producer.blocks(thread)

    def _wait(self, timeout: float | None) -> None:
        # By itself, not by the grace of the loop: a loop that has ended brings nothing, and wakes nobody.
        end = inf if timeout is None else monotonic() + timeout
        while self._result is None:
            now = monotonic()
            if self._give_up(now):
                return
            if now >= end:
                raise pykka.Timeout(f"{timeout} seconds")
            until = min(end, self.deadline + GRACE)
            if self.producer is not None:
                until = min(until, now + LOOK)
            with self._condition:
                if self._result is None:
                    self._condition.wait(None if until == inf else until - now)

    def _give_up(self, now: float) -> bool:
        """Fail where the value cannot come any more. Raises ProcessForked: in a child no lock may be taken."""
        if self.producer is None:
            return False
        error = self.producer.lost()
        if error is None:
            if not now >= self.deadline + GRACE:  # also where it is no number, which the send will say
                return False
            text = "no outcome until the deadline: the event loop does not run, or is held up"
            error = DeadlineExceeded(text, phase="loop")
        error.message = self.message
        if isinstance(error, ProcessForked):
            raise error
        self.fail(error)
        return True

    def _refuse_in_child(self) -> None:
        """Raise ProcessForked where the process forked: the value comes in the parent, and no lock may be taken."""
        error = None if self.producer is None else self.producer.lost()
        if isinstance(error, ProcessForked):
            error.message = self.message
            raise error

    def done(self) -> bool:
        """The value or an error is there."""
        if self._sources:
            return all(source.done() for source in self._sources)
        return self._result is not None

    def result(self) -> T:
        """The value, or raise the error. Raises `asyncio.InvalidStateError` where neither is there."""
        if (self._task is not None and self._task.done()) or not self.done():
            return super().result()
        return self.get()

    def exception(self) -> BaseException | None:
        """The error, or None for a value. Raises `asyncio.InvalidStateError` where neither is there."""
        if (self._task is not None and self._task.done()) or not self.done():
            return super().exception()
        try:
            self.get()
        except BaseException as error:  # noqa: BLE001  # that is the answer
            return error
        return None

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
            named = self.expected
            if named is None:
                named = getattr(self.asked, "__answer__", None)
            if named is not None and value.__class__ is not named:
                error = judged(self.producer, self.asked, named, value)
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

    def cancel(self, msg: object = None) -> bool:
        """Give it up: whoever awaits it is cancelled, and the work for it ends. False: it is over."""
        return not self.done() and super().cancel(msg)

    def _end_work(self) -> None:
        for source in self._sources:
            source._end_work()
        if not self._sources and not self.done():
            self.fail(asyncio.CancelledError())
            if self.producer is not None:
                self.producer.abandoned(self)

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
        return self._derived(super().filter(func))  # pyright: ignore[reportAttributeAccessIssue]  # `self` says it

    def join(self, *futures: pykka.Future[Any]) -> ReplyFuture[Iterable[Any]]:
        """A future with a list of the values of this and the other futures."""
        return self._derived(super().join(*futures), *futures)

    def map(self, func: Callable[[T], M]) -> ReplyFuture[M]:
        """A future with `func` of the value."""
        return self._derived(super().map(func))

    def reduce(self: ReplyFuture[Iterable[J]], func: Callable[[R, J], R], *args: R) -> ReplyFuture[R]:
        """A future with the items reduced by `func`."""
        return self._derived(super().reduce(func, *args))  # pyright: ignore[reportAttributeAccessIssue]  # as above

    def _derived(self, made: pykka.Future[M], *others: pykka.Future[Any]) -> ReplyFuture[M]:
        assert isinstance(made, ReplyFuture)
        made._sources = (self, *(other for other in others if isinstance(other, ReplyFuture)))
        return made

    def _begin(self) -> Generator[Any, None, T]:
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
        self._refuse_in_child()
        loop = asyncio.get_running_loop()
        bridge = Bridge(loop, self)

        def arrived() -> None:
            if not bridge.done():
                bridge.set_result(None)

        def bring() -> None:
            with contextlib.suppress(RuntimeError):  # the loop has closed: nobody awaits any more
                loop.call_soon_threadsafe(arrived)

        self.on_done(bring)
        look = Look(self, bridge)
        try:
            yield from bridge
        finally:
            look.stop()
            if not look.forked:
                with self._condition, contextlib.suppress(ValueError):  # nobody awaits any more
                    self._callbacks.remove(bring)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {'done' if self.done() else 'pending'}; {HINT}>"

    def __await__(self) -> Generator[None, None, T]:
        return cast("Generator[None, None, T]", FutureLike.__await__(self))

    __iter__ = __await__


class Look:
    """Looks now and then, from a loop that awaits it, whether a value can still come."""

    __slots__ = ("_bridge", "_loop", "_timer", "forked")

    def __init__(self, future: ReplyFuture[Any], bridge: Bridge) -> None:
        self._bridge = bridge
        self._loop = bridge.get_loop()
        self._timer: asyncio.TimerHandle | None = None
        #: The process forked while the value was awaited.
        self.forked = False
        # What this very loop brings ends with it.
        if future.producer is not None and not future.producer.brings_on(threading.get_ident()):
            self._timer = self._loop.call_later(LOOK, self._look)

    def _look(self) -> None:
        future = self._bridge.stands_for
        try:
            if not future.done() and not future._give_up(monotonic()):
                self._timer = self._loop.call_later(LOOK, self._look)
        except ProcessForked as error:
            self.forked = True
            if not self._bridge.done():
                self._bridge.set_exception(error)

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
