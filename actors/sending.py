"""Outcomes that are made of other outcomes: of a send to several peers, and of a send from another thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .errors import ShuttingDown, WouldDeadlock
from .outcome import DELIVERED, Failed, Outcome
from .reply_future import ReplyFuture
from .results import Results

if TYPE_CHECKING:
    from .bus import Bus

__all__ = ["Bridged", "Gathered"]

R = TypeVar("R")


class Gathered(Generic[R]):
    """A send to several peers. All are under way; one that is slow or fails changes nothing for the others."""

    __slots__ = ("_outcomes",)

    def __init__(self, outcomes: dict[str, Outcome[R]]) -> None:
        self._outcomes = outcomes

    def __await__(self) -> Generator[object, None, Results[R]]:
        return self._gather().__await__()

    async def _gather(self) -> Results[R]:
        settled = await asyncio.gather(*map(_awaited, self._outcomes.values()), return_exceptions=True)
        answers: dict[str, R] = {}
        errors: dict[str, Exception] = {}
        for peer, result in zip(self._outcomes, settled, strict=True):
            if isinstance(result, Exception):
                errors[peer] = result
            elif isinstance(result, BaseException):
                raise result
            else:
                answers[peer] = result
        return Results(answers, errors)

    def get(self, *, timeout: float | None = None) -> Results[R]:
        """Raise WouldDeadlock: this send was made on the event loop."""
        raise WouldDeadlock("the outcomes come through this very event loop: await them")


async def _awaited(outcome: Outcome[R]) -> R:
    return await outcome


class Bridged:
    """A send made on another thread: it runs on the bus's loop, its outcome comes back in `future`."""

    __slots__ = ("_bus", "_send", "future")

    def __init__(self, bus: Bus, message: object, send: Callable[[], Outcome[Any]]) -> None:
        self.future: ReplyFuture[Any] = ReplyFuture()
        self.future.producer = bus.thread
        self._bus = bus
        self._send = send
        try:
            bus.loop.call_soon_threadsafe(self._run, context=bus.context.copy())
        except RuntimeError:
            self.future.fail(ShuttingDown(f"{bus.name} has stopped", message=message))

    def _run(self) -> None:
        try:
            outcome = self._send()
        except Exception as error:  # noqa: BLE001  # the caller's thread raises it
            self.future.fail(error)
            return
        if isinstance(outcome, Failed):
            self.future.fail(outcome.error)
        elif outcome is DELIVERED:
            self.future.succeed(None)
        elif isinstance(outcome, ReplyFuture):
            outcome.on_done(lambda: self._pass_on(outcome))
        elif isinstance(outcome, asyncio.Future):
            outcome.add_done_callback(self._done)
        else:
            self._bus.loop.create_task(_awaited(outcome)).add_done_callback(self._done)

    def _pass_on(self, done: ReplyFuture[Any]) -> None:
        try:
            self.future.succeed(done.get())
        except BaseException as error:  # noqa: BLE001  # the caller's thread raises it
            self.future.fail(error)

    def _done(self, done: asyncio.Future[Any]) -> None:
        if done.cancelled():
            self.future.fail(asyncio.CancelledError())
        elif (error := done.exception()) is not None:
            self.future.fail(error)
        else:
            self.future.succeed(done.result())
