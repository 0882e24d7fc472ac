"""What asyncio takes of an outcome: it is like a future, and gives a coroutine of itself.

Laws:
1. Whatever takes an awaitable takes an outcome: `gather`, `wait_for`, `shield`, `ensure_future`, `as_completed`.
2. Whatever takes futures takes one too, `asyncio.wait` above all, whether the send has ended, waits, or is not a future
   at all: which of these it is depends on how much there is to do. What is no future has one task, made by the first
   who asks for it, and every later `await` awaits that task.
3. Whatever takes coroutines alone takes `outcome.coroutine()`: `create_task`, `TaskGroup.create_task`,
   `run_coroutine_threadsafe`. (Nothing can be both: `asyncio.wait` refuses coroutines.) The `repr` says so, as it
   stands in asyncio's error.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context
from types import coroutine as generator_coroutine
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from ..base import new_task

__all__ = ["HINT", "AsCoroutine", "FutureLike", "Over", "awaited"]

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


class Over(AsCoroutine[T]):
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
        return self._task

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
