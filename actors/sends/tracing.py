"""Sends that are traced: what a bus needs of whoever traces them, and how that one hears of their outcomes.

Where nobody traces there is no `Tracer`, and nothing of this is called.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from contextvars import Context
from functools import partial
from typing import Any, Protocol, TypeVar

from ..mailbox import MessageTrace
from .future_like import HINT, FutureLike, end_work
from .many import Accepted
from .outcome import Delivered, FailedOutcome, Outcome, Step
from .reply_future import ReplyFuture

__all__ = ["Sending", "TracedOutcome", "Tracer", "brought", "followed"]

T = TypeVar("T")
A = TypeVar("A", bound=Callable[..., object])


class Sending(Protocol):
    """One send that is traced, from its call to its outcome."""

    def current(self) -> AbstractContextManager[object]:
        """While entered, messages that leave are this send's. For one stretch of code, in one context."""

    def ended(self, error: BaseException | None, items: int | None = None) -> None:
        """The outcome is there; of a stream, how many `items` came. The first word counts."""


class Tracer(Protocol):
    """Traces the sends of one bus. From any thread."""

    def sending(self, verb: str, to: object, message: object, seconds: float, count: int = 1) -> Sending | None:
        """A send begins: `tell`, `ask`, `tell_many` of `count` messages (0: nobody knows how many), `stream`, `open`.

        `seconds` until its deadline. None: it is a part of one that has begun, or is not traced.
        """

    def stamp(self, reactor: str, message: object, *, asked: bool, peer: str = "") -> MessageTrace | None:
        """The trace of a message that leaves now for a reactor of `peer`, empty: here. None: it is not traced."""

    def arrived(self, parent: str, state: str, reactor: str, peer: str) -> MessageTrace | None:
        """The trace of a message that came from `peer` with these headers, which are not to be trusted."""

    def carried(self, action: A) -> A:
        """`action`, to be called on another thread as a part of what the caller does."""

    def forget(self) -> None:
        """What begins in this context, an actor, is no part of what the caller does."""

    # Of a node of several processes: what the others trace comes out here.

    def told(self, process: str, said: bytes) -> None:
        """What another process of this node tells of its spans. Raises nothing."""

    def came(self, parent: str, state: str, reactor: str, process: str) -> MessageTrace | None:
        """The trace of a message that came from another process of this node, with these headers."""

    def resumed(self, parent: str, state: str, process: str) -> Sending | None:
        """A send that has begun in another process of this node, with these headers, and is made here.

        Its end is told there. None: it is not traced.
        """

    def gone(self, process: str) -> None:
        """That process has ended: what is open there is over."""


def followed(make: Callable[[], Outcome[T]], sending: Sending) -> Outcome[T]:
    """The outcome of the send that `make` makes, in the name of `sending`. Raises what `make` raises.

    What is there already, and what is a future, is handed on as it is; only what waits when it is awaited is wrapped.
    """
    try:
        with sending.current():
            outcome = make()
    except BaseException as error:
        sending.ended(error)
        raise
    is_now: object = outcome
    if isinstance(is_now, FailedOutcome):
        sending.ended(is_now.error)
    elif isinstance(is_now, Delivered | Accepted):
        sending.ended(None)
    elif isinstance(outcome, asyncio.Future):
        if outcome.done():
            _over(sending, outcome)
        else:
            outcome.add_done_callback(partial(_over, sending), context=Context())
    elif isinstance(outcome, ReplyFuture):
        outcome.on_done(partial(brought, sending, outcome))
    else:
        return TracedOutcome(outcome, sending)
    return outcome


def _over(sending: Sending, done: asyncio.Future[Any]) -> None:
    # Not by `exception()`: somebody else is to look at it, or dead letters are to know that nobody did.
    sending.ended(asyncio.CancelledError() if done.cancelled() else done._exception)


def brought(sending: Sending, done: ReplyFuture[Any]) -> None:
    """What a future of Pykka's waited for is there."""
    sending.ended(done.exception())


class TracedOutcome(FutureLike[T]):
    """One that waits when it is awaited."""

    __slots__ = ("_outcome", "_sending")

    def __init__(self, outcome: Outcome[T], sending: Sending) -> None:
        self._outcome = outcome
        self._sending = sending
        self._task = None

    def _begin(self) -> Step[T]:
        return self._wait().__await__()

    async def _wait(self) -> T:
        error: BaseException | None = None
        try:
            with self._sending.current():
                return await self._outcome
        except BaseException as raised:
            error = raised
            raise
        finally:
            self._sending.ended(error)
            del self, error  # the error keeps this frame, see outcome

    def _end_work(self) -> None:
        end_work(self._outcome)

    def get(self, *, timeout: float | None = None) -> T:
        """As the outcome's own."""
        error: BaseException | None = None
        try:
            return self._outcome.get(timeout=timeout)
        except BaseException as raised:
            error = raised
            raise
        finally:
            self._sending.ended(error)
            del self, error

    def __del__(self) -> None:
        self._sending.ended(None)  # nobody has awaited it

    def __repr__(self) -> str:
        return f"{self._outcome!r}" if HINT in repr(self._outcome) else f"<{self._outcome!r}; {HINT}>"
