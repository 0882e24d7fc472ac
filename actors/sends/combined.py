"""Outcomes that are made of other outcomes: of a send to several peers, and of a send from another thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from time import monotonic
from typing import Any, Protocol, TypeVar, cast

from ..base import SendError, ShuttingDown, WouldDeadlock, ids_short_again
from ..messages import QuorumFailed, Results
from .future_like import HINT, Once, end_work, task_of
from .many import Accepted
from .outcome import DELIVERED, Delivered, FailedOutcome, Outcome
from .reply_future import Producer, ReplyFuture
from .thread_sends import ThreadSends
from .tracing import Tracer

__all__ = ["Bridged", "Gathered", "LoopHost", "end_abandoned"]

R = TypeVar("R")


class Gathered(Once[Results[R]]):
    """A send to several peers. All are under way; one that is slow or fails changes nothing for the others.

    `quorum`: an ask ends when that many have answered, or when they cannot any more; the rest of the asks is cancelled.
    """

    __slots__ = ("_message", "_outcomes", "_quorum")

    def __init__(self, outcomes: dict[str, Outcome[R]], *, quorum: int | None = None, message: object = None) -> None:
        #: Of any type: that of some is known only when it is looked at.
        self._outcomes: Mapping[str, Outcome[Any]] = outcomes
        self._quorum = quorum
        self._message = message
        self._task = None
        self._ending = None

    def __repr__(self) -> str:
        return f"<send to {len(self._outcomes)} peers; {HINT}>"

    def _end_work(self) -> None:
        for outcome in self._outcomes.values():
            end_work(outcome)

    async def _run(self) -> Results[R]:
        error: QuorumFailed | None = None
        try:
            results = await self._gather()
            error = self._too_few(results)
            if error is not None:
                raise error
            return results
        finally:
            del self, error

    def _too_few(self, results: Results[R]) -> QuorumFailed | None:
        answers = results.answers
        if self._quorum is None or len(answers) >= self._quorum:
            return None
        why = ", ".join(f"{peer}: {error}" for peer, error in results.errors.items())
        text = f"{len(answers)} of {len(self._outcomes)} answered, {self._quorum} had to ({why})"
        return QuorumFailed(ids_short_again(text), results=results, message=self._message)

    async def _gather(self) -> Results[R]:
        answers: dict[str, R] = {}
        errors: dict[str, Exception] = {}
        loop = asyncio.get_running_loop()
        #: What is not done already. What waits only when it is awaited has a task, so that all wait at the same time.
        tasks: dict[str, asyncio.Future[R]] = {}
        for peer, outcome in self._outcomes.items():
            if isinstance(outcome, Delivered):
                answers[peer] = cast("R", None)  # a tell
            elif isinstance(outcome, Accepted):
                answers[peer] = cast("R", outcome.count)
            elif isinstance(outcome, FailedOutcome) and isinstance(outcome.error, Exception):
                errors[peer] = outcome.error
            elif isinstance(outcome, asyncio.Future):
                tasks[peer] = outcome
            else:
                tasks[peer] = task_of(outcome, loop, f"peerbus send to {peer}")
        try:
            while tasks and not self._decided(len(answers), len(tasks)):
                if self._quorum is None:
                    # Not `wait`: what stands in a `gather` is seen to wait for each of them, see `deadlock`.
                    await asyncio.gather(*tasks.values(), return_exceptions=True)
                else:
                    await asyncio.wait(tasks.values(), return_when=asyncio.FIRST_COMPLETED)
                for peer in [peer for peer, task in tasks.items() if task.done()]:
                    error = tasks[peer].exception()
                    if error is None:
                        answers[peer] = tasks[peer].result()
                    elif isinstance(error, Exception):
                        errors[peer] = error
                    else:
                        tasks[peer].result()
                    del tasks[peer], error
        finally:
            for task in tasks.values():
                task.cancel()
            await asyncio.gather(*tasks.values(), return_exceptions=True)
        return Results(answers, errors, abandoned=tuple(tasks))

    def _decided(self, answered: int, running: int) -> bool:
        quorum = self._quorum
        return quorum is not None and (answered >= quorum or answered + running < quorum)

    def get(self, *, timeout: float | None = None) -> Results[R]:
        """Raise WouldDeadlock: this send was made on the event loop."""
        raise WouldDeadlock("the outcomes come through this very event loop: await them")


class LoopHost(Producer, Protocol):
    """A bus, as far as a send from another thread knows one."""

    name: str
    loop: asyncio.AbstractEventLoop
    #: The identifier of the loop's thread.
    thread: int
    #: The way of other threads' sends.
    thread_sends: ThreadSends
    #: It takes no new work.
    closing: bool
    #: Traces sends; None where nobody does.
    tracer: Tracer | None

    def on_loop(self, action: Callable[[], object]) -> bool:
        """Run `action` on the loop's thread, soon. False where the loop has closed."""

    def refusal(self, message: object = None) -> SendError:
        """Why nothing new is taken."""

    def watch_for_deadlocks(self) -> None:
        """Somebody begins to wait. From any thread."""


class Bridged:
    """A send made on another thread: it runs on the bus's loop, its outcome comes back in `future`.

    `seconds` until its deadline; `send(left)` sends, with those that are left by then.
    """

    __slots__ = ("_bus", "_seconds", "_send", "future")

    def __init__(self, bus: LoopHost, message: object, seconds: float, send: Callable[[float], Outcome[Any]]) -> None:
        self.future: ReplyFuture[Any] = ReplyFuture()
        self.future.producer = bus
        self.future.message = message
        self.future.deadline = monotonic() + max(seconds, 0.0)
        self._bus = bus
        self._seconds = seconds
        self._send = send if bus.tracer is None else bus.tracer.carried(send)
        if not bus.thread_sends.put(bus, self._run):
            self.future.fail(bus.refusal(message))

    def _run(self) -> None:
        if self.future.cancelled():  # before it was sent
            return
        # What the way to the loop took is gone. No time at all is for the send to judge: of a tell it is no wait.
        left = self.future.deadline - monotonic() if self._seconds > 0 else self._seconds
        try:
            outcome = self._send(left)
        except BaseException as error:  # noqa: BLE001  # the caller's thread raises it
            self.future.fail(error)
            del self  # the error keeps this frame, see outcome
            return
        if isinstance(outcome, FailedOutcome):
            self.future.fail(outcome.error)
        elif outcome is DELIVERED:
            self.future.succeed(None)
        elif isinstance(outcome, Accepted):
            self.future.succeed(outcome.count)
        elif isinstance(outcome, ReplyFuture):
            outcome.on_done(partial(self._pass_on, outcome))
        elif isinstance(outcome, asyncio.Future):
            self._follow(outcome)
        else:
            loop = self._bus.loop
            self._follow(task_of(outcome, loop, "peerbus send from another thread"))

    def _follow(self, outcome: asyncio.Future[Any]) -> None:
        self.future.stands_for = outcome
        outcome.add_done_callback(self._done)
        self._bus.watch_for_deadlocks()

    def _pass_on(self, done: ReplyFuture[Any]) -> None:
        try:
            self.future.succeed(done.get())
        except BaseException as error:  # noqa: BLE001  # the caller's thread raises it
            self.future.fail(error)
            del self, done

    def _done(self, done: asyncio.Future[Any]) -> None:
        self.future.stands_for = None
        if done.cancelled():
            gone = ShuttingDown(f"{self._bus.name} has stopped", message=self.future.message)
            self.future.fail(gone if self._bus.closing else asyncio.CancelledError())
        elif (error := done.exception()) is not None:
            self.future.fail(error)
        else:
            self.future.succeed(done.result())


def end_abandoned(bus: LoopHost, reply: ReplyFuture[Any]) -> None:
    """As `Producer.abandoned`, of what another thread has sent."""
    outcome = reply.stands_for
    if outcome is not None:
        bus.on_loop(partial(end_work, outcome))
