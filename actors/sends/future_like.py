"""What asyncio takes of an outcome: it is like a future, and gives a coroutine of itself.

Laws:
1. Whatever takes an awaitable takes an outcome: `gather`, `wait_for`, `shield`, `ensure_future`, `as_completed`.
2. Whatever takes futures takes one too, `asyncio.wait` above all, whether the send has ended, waits, or is not a future
   at all: which of these it is depends on how much there is to do. What is no future has one task, made by the first
   who asks for it, and every later `await` awaits that task.
3. Whatever takes coroutines alone takes `outcome.coroutine()`: `create_task`, `TaskGroup.create_task`,
   `run_coroutine_threadsafe`. (Nothing can be both: `asyncio.wait` refuses coroutines.) The `repr` says so, as it
   stands in asyncio's error.
4. Cancelling an outcome ends the work that it waits for, awaited or not. (One way past it is asyncio's own: a task
   that somebody made of the outcome, as `ensure_future` does, and that is cancelled before its first step, has never
   come to the outcome. Cancel the outcome itself.)
5. All that await an outcome, at once or one later, get the same end, and cancel nothing but their own wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context
from functools import partial
from types import coroutine as generator_coroutine
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from ..base import new_task

__all__ = ["HINT", "AsCoroutine", "FutureLike", "Once", "DoneFuture", "awaited", "end_work", "task_of"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Step = Generator[object, None, T]

#: Stands in the `repr` of each outcome.
HINT = ".coroutine() is what create_task takes"


class Steps(Protocol[T_co]):
    """Something to await."""

    def __await__(self) -> Generator[Any, None, T_co]: ...


async def awaited(outcome: Steps[T]) -> T:
    """The outcome, as a coroutine."""
    try:
        return await outcome
    finally:
        del outcome  # an error keeps this frame, see outcome


class AsCoroutine(Generic[T]):
    """It gives a coroutine of itself."""

    __slots__ = ()

    def __await__(self) -> Step[T]:
        raise NotImplementedError

    def coroutine(self) -> Coroutine[Any, Any, T]:
        """See `Outcome.coroutine`."""
        return awaited(self)


class DoneFuture(AsCoroutine[T]):
    """A future that is over. It keeps nothing of whoever awaits it, so that one object may stand for many."""

    __slots__ = ()

    def done(self) -> bool:
        """It is over."""
        return True

    def cancelled(self) -> bool:
        """It was not."""
        return False

    def cancel(self, msg: object = None) -> bool:
        """It is too late for that."""
        return False

    def result(self) -> T:
        """What it ended with, or raise why."""
        raise NotImplementedError

    def exception(self) -> BaseException | None:
        """Why, where it failed."""
        return None

    def add_done_callback(self, fn: Callable[[Any], object], /, *, context: Context | None = None) -> None:
        """Call `fn` with this, in the loop's next turn."""
        asyncio.get_running_loop().call_soon(fn, self, context=context)

    def remove_done_callback(self, _fn: Callable[[Any], object], /) -> int:
        """It is called all the same."""
        return 0


class FutureLike(AsCoroutine[T]):
    """A future by a task, which is made when somebody needs one. A subclass sets `_task` to None."""

    __slots__ = ("_task",)

    _task: asyncio.Task[T] | None

    def _begin(self) -> Step[T]:
        """What `__await__` returns where there is no task."""
        raise NotImplementedError

    def __await__(self) -> Step[T]:
        task = self._task
        if task is None or task.get_loop() is not asyncio.get_running_loop():  # of another thread, perhaps
            return self._begin()
        return task.__await__()

    def _as_task(self) -> asyncio.Task[T]:
        if self._task is None:
            self._task = new_task(awaited(_begun(self)), loop=asyncio.get_running_loop(), name="peerbus send")
            self._task.add_done_callback(self._task_is_over)
        return self._task

    def _task_is_over(self, task: asyncio.Task[T]) -> None:
        if task.cancelled():  # perhaps before its first step, and then nothing has heard of it
            self._end_work()

    def _end_work(self) -> None:
        """End what is under way. It may be over, or not have begun: what is sent when it is awaited has not."""

    def done(self) -> bool:
        """It is over, as far as anybody has waited for it."""
        return self._task is not None and self._task.done()

    def cancelled(self) -> bool:
        """It was given up."""
        return self._task is not None and self._task.cancelled()

    def cancel(self, msg: object = None) -> bool:
        """Give it up."""
        return self._as_task().cancel(msg)

    def result(self) -> T:
        """What `await` returns. Raises `asyncio.InvalidStateError` where it is not over."""
        return self._over().result()

    def exception(self) -> BaseException | None:
        """What `await` raises. Raises `asyncio.InvalidStateError` where it is not over."""
        return self._over().exception()

    def _over(self) -> asyncio.Task[T]:
        if self._task is None:
            raise asyncio.InvalidStateError("nobody has waited for this outcome: await it")
        return self._task

    def add_done_callback(self, fn: Callable[[Any], object], /, *, context: Context | None = None) -> None:
        """Begin to wait, and call `fn` with this when it is over."""
        self._as_task().add_done_callback(_Callback(fn, self), context=context)

    def remove_done_callback(self, fn: Callable[[Any], object], /) -> int:
        """Call it no more; returns how often it would have been."""
        return 0 if self._task is None else self._task.remove_done_callback(_Callback(fn, self))


class Once(FutureLike[T]):
    """It runs once, for the first that awaits it; all others, beside that one or later, get the same end.

    A subclass sets `_ending` to None as well.
    """

    __slots__ = ("_ending",)

    _ending: asyncio.Future[T] | None

    def _run(self) -> Coroutine[Any, Any, T]:
        """What there is to do. The error that it raises keeps its frame: it lets go of `self`, see outcome."""
        raise NotImplementedError

    def _begin(self) -> Step[T]:
        if self._ending is not None:
            return asyncio.shield(self._ending).__await__()  # one waiter that is cancelled is not all of them
        self._ending = asyncio.get_running_loop().create_future()
        return self._once(self._ending).__await__()

    async def _once(self, ending: asyncio.Future[T]) -> T:
        try:
            answer = await self._run()
            if not ending.done():
                ending.set_result(answer)
            return answer
        except asyncio.CancelledError:
            ending.cancel()
            raise
        except Exception as error:
            if not ending.done():
                ending.set_exception(error)
                ending.exception()  # it is told where this is awaited
            raise
        finally:
            del self, ending  # the error keeps this frame, see outcome


def end_work(outcome: object) -> None:
    """End what is under way of this outcome, without a task for that."""
    if isinstance(outcome, FutureLike):
        outcome._end_work()
    elif isinstance(outcome, asyncio.Future):
        outcome.cancel()


def task_of(outcome: Steps[T], loop: asyncio.AbstractEventLoop, name: str) -> asyncio.Task[T]:
    """A task that awaits the outcome. Cancelled, be it before its first step, it ends the work as well."""
    task = new_task(awaited(outcome), loop=loop, name=name)
    task.add_done_callback(partial(_end_work_with, outcome))
    return task


def _end_work_with(outcome: object, task: asyncio.Task[Any]) -> None:
    if task.cancelled():
        end_work(outcome)


@generator_coroutine
def _begun(outcome: FutureLike[T]) -> Generator[Any, None, T]:
    try:
        return (yield from outcome._begin())
    finally:
        del outcome


class _Callback:
    """Calls a function with the outcome, not with the task that it has."""

    __slots__ = ("_fn", "_outcome")

    __hash__: ClassVar[None]  # type: ignore[assignment]  # it is compared, and kept in a list

    def __init__(self, fn: Callable[[Any], object], outcome: object) -> None:
        self._fn = fn
        self._outcome = outcome

    def __call__(self, _: object) -> None:
        self._fn(self._outcome)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Callback) and self._fn == other._fn
