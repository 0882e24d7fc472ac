"""A cell whose actor runs on the bus's event loop: no thread, no task for each message.

Tasks: none while all handlers are plain `def`s. The first `async def` handler makes one task, which from then on
takes the mailbox's messages (waits for: the mailbox, and whatever handlers await) and lives as long as the actor.
A `reentrant` handler has a task of its own for each message, at most MAX_DETACHED at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from threading import get_ident
from typing import TYPE_CHECKING, TypeVar, cast

from .cell import BATCH, HALT, Cell, State
from .channel import Overflow
from .envelope import NEVER, Envelope
from .errors import ActorStopped, MailboxFull, SendError
from .outcome import DELIVERED, AskFuture, AskWaiting, Failed, ForeignWaiting, Outcome, Waiting

if TYPE_CHECKING:
    from .bus import Bus

__all__ = ["LoopCell", "tell_foreign"]

R = TypeVar("R")

#: Reentrant handlers of one actor that run at once; further messages wait in the mailbox.
MAX_DETACHED = 1024


class LoopCell(Cell):
    """See the module. Everything but `kill`, `request_stop` and the sends belongs to the loop's thread."""

    __slots__ = ("_detached", "_killing", "_parked", "_paused", "_task", "_withdrawn", "loop")

    loop: asyncio.AbstractEventLoop

    def start(self) -> None:
        """Begin on the bus's loop, in its next turn."""
        assert self.bus is not None
        self.loop = self.bus.loop
        self._task: asyncio.Task[None] | None = None
        self._parked: asyncio.Future[None] | None = None
        self._withdrawn: Envelope | None = None
        self._detached: dict[asyncio.Task[None], Envelope] = {}
        self._paused = False
        self._killing = False
        mailbox = self.mailbox
        mailbox.owner = self.bus.thread
        mailbox.wake = self.again
        mailbox.wake_threadsafe = self._again_threadsafe
        self._call_soon(self.begin)

    def now(self) -> float:
        """The loop's clock."""
        return self.loop.time()

    def call_later(self, delay: float, action: Callable[[], object]) -> Callable[[], object]:
        """By the loop's timer."""
        assert self.bus is not None
        return self.loop.call_later(delay, action, context=self.bus.context.copy()).cancel

    def again(self) -> None:
        """Drain in the loop's next turn."""
        self._call_soon(self.drain)

    def _call_soon(self, action: Callable[[], object]) -> None:
        assert self.bus is not None
        self.loop.call_soon(action, context=self.bus.context.copy())

    def _again_threadsafe(self) -> None:
        if self.mailbox.owner == get_ident():
            self.mailbox.wake()
        else:
            try:
                self.loop.call_soon_threadsafe(self._woken)
            except RuntimeError:  # the loop has closed: what was put is refused by nobody any more
                if self.state is not State.STOPPED:
                    raise

    def _woken(self) -> None:
        self.mailbox.wake()

    # Async handlers: one task for the actor.

    def suspend(self, envelope: Envelope, awaitable: object) -> None:
        """Hand the mailbox over to the actor's task, which starts with this message."""
        assert self.bus is not None
        self._task = self.loop.create_task(
            self._turns(envelope, cast("Awaitable[object]", awaitable)),
            name=f"peerbus {self}",
            context=self.bus.context.copy(),
        )
        self.mailbox.wake = self._unpark

    def _unpark(self) -> None:
        parked = self._parked
        if parked is not None and not parked.done():
            parked.set_result(None)

    async def _turns(self, envelope: Envelope, awaitable: Awaitable[object]) -> None:
        try:
            while (halted := await self._await(envelope, awaitable)) is not HALT:
                following = await self._next_awaitable()
                if following is None:
                    return
                envelope, awaitable = following
                del following, halted
        finally:
            self._task = None
            self.mailbox.wake = self.again

    async def _await(self, envelope: Envelope, awaitable: Awaitable[object]) -> object:
        try:
            result = await awaitable
        except asyncio.CancelledError as error:
            task = self._task
            assert task is not None
            if self._killing:
                self._refuse_left(envelope)
                self.stop(self.reason)
                return HALT
            if self._withdrawn is envelope:
                self._withdrawn = None
                task.uncancel()
                return None
            if task.cancelling():
                raise
            return self.failed(envelope, error)
        except Exception as error:  # noqa: BLE001  # whatever a handler raises is the supervisor's business
            return self.failed(envelope, error)
        if envelope.reply is not None:
            envelope.reply.succeed(result)
        return None

    async def _next_awaitable(self) -> tuple[Envelope, Awaitable[object]] | None:
        """Take messages until one has to be awaited; None: the cell takes no more."""
        mailbox = self.mailbox
        taken = 0
        while True:
            if self.state is not State.RUNNING:
                return None
            envelope = mailbox.take()
            if envelope is None:
                self.current = None
                if mailbox.rest():
                    self._parked = self.loop.create_future()
                    await self._parked
                    self._parked = None
                taken = 0
                continue
            result = self.handle(envelope)
            if result is HALT:
                return None
            if result is not None:
                return envelope, cast("Awaitable[object]", result)
            taken += 1
            if taken >= BATCH:
                taken = 0
                await asyncio.sleep(0)

    def detach(self, envelope: Envelope, awaitable: object) -> object:
        """Run a reentrant handler as a task of its own."""
        assert self.bus is not None
        task = self.loop.create_task(
            self._run_detached(envelope, cast("Awaitable[object]", awaitable)),
            name=f"peerbus {self} {type(envelope.message).__name__}",
            context=self.bus.context.copy(),
        )
        self._detached[task] = envelope
        task.add_done_callback(self._detached_done)
        if len(self._detached) < MAX_DETACHED:
            return None
        self._paused = True
        return HALT

    async def _run_detached(self, envelope: Envelope, awaitable: Awaitable[object]) -> None:
        try:
            result = await awaitable
        except Exception as error:  # noqa: BLE001  # whatever a handler raises is the supervisor's business
            self.failed(envelope, error)
        else:
            if envelope.reply is not None:
                envelope.reply.succeed(result)

    def _detached_done(self, task: asyncio.Task[None]) -> None:
        envelope = self._detached.pop(task)
        if task.cancelled() and envelope.reply is not None and not envelope.reply.done():
            self._refuse_left(envelope)
        if self._paused and self.state is State.RUNNING:
            self._paused = False
            self.again()

    def run_hook(self, awaitable: object, then: Callable[[BaseException | None], object]) -> None:
        """Run an `async def` hook in a task of its own; no message is taken meanwhile."""
        assert self.bus is not None

        async def run() -> None:
            try:
                await cast("Awaitable[object]", awaitable)
            except asyncio.CancelledError as error:
                then(error)
            except Exception as error:  # noqa: BLE001  # hooks are user code
                then(error)
            else:
                then(None)

        self._task = self.loop.create_task(run(), name=f"peerbus {self} hook", context=self.bus.context.copy())
        self._task.add_done_callback(self._hook_done)

    def _hook_done(self, task: asyncio.Task[None]) -> None:
        if self._task is task:
            self._task = None

    # Endings.

    def abandon(self, reply: object) -> str:
        """Nobody waits for this reply: cancel the handler that works on it."""
        current = self.current
        if current is not None and current.reply is reply and self._task is not None:
            self._withdrawn = current
            self._task.cancel("nobody waits for the answer any more")
            return "handler"
        for task, envelope in self._detached.items():
            if envelope.reply is reply:
                task.cancel("nobody waits for the answer any more")
                return "handler"
        return "mailbox"

    def post(self, action: Callable[[], object]) -> None:
        """In the loop's next turn."""
        if self.mailbox.owner == get_ident():
            self._call_soon(action)
        elif not self.loop.is_closed():
            self.loop.call_soon_threadsafe(action)

    def end_now(self, reason: str) -> None:
        """Cancel what awaits, and stop."""
        for task in tuple(self._detached):
            task.cancel("the actor is being killed")
        if self._task is None or self._parked is not None:
            super().end_now(reason)
        elif self.state is not State.STOPPED:
            self._killing = True
            self.reason = reason
            self._task.cancel("the actor is being killed")

    def _end(self, reason: str) -> None:
        super()._end(reason)
        for task in tuple(self._detached):
            task.cancel("the actor has stopped")
        if self._parked is not None and self._task is not None:
            self._task.cancel("the actor has stopped")

    # Sending to this cell.

    def tell(self, message: object, sender: Cell | None, timeout: float | None) -> Outcome[None]:
        """Deliver on the loop's thread, or through the foreign door from any other."""
        envelope = Envelope(message, None if sender is None else sender.address, None, NEVER, sender)
        if self.types is not None and message.__class__ not in self.types:
            error: SendError | None = self.check_type(message, sender)
            if error is not None:
                return self.fail(envelope, error)
        mailbox = self.mailbox
        if mailbox.owner != get_ident():
            return tell_foreign(self, envelope, timeout)
        try:
            if mailbox.offer(envelope):
                return DELIVERED
        except SendError as refusal:
            return self.fail(envelope, refusal, counted=True)
        assert self.bus is not None
        deadline = self.loop.time() + (self.timeout if timeout is None else timeout)
        return Waiting(mailbox, envelope, deadline, self.bus.wheel, self.loop, self.undelivered)

    def ask(
        self, message: object, sender: Cell | None, timeout: float | None, reply: type[R] | None, bus: Bus
    ) -> Outcome[R]:
        """Deliver on the loop's thread with a future for the answer."""
        deadline = self.loop.time() + (self.timeout if timeout is None else timeout)
        future: AskFuture[R] = AskFuture(self.loop, message, reply, self.abandon)
        envelope = Envelope(message, None if sender is None else sender.address, future, deadline, sender)
        if self.types is not None and message.__class__ not in self.types:
            error: SendError | None = self.check_type(message, sender)
            if error is not None:
                self.fail(envelope, error)
                future.set_exception(error)
                return future
        try:
            if self.mailbox.offer(envelope):
                if not future.done():
                    future.arm(bus.wheel, deadline)
                return future
        except SendError as refusal:
            self.fail(envelope, refusal, counted=True)
            future.set_exception(refusal)
            return future
        waiting = Waiting(self.mailbox, envelope, deadline, bus.wheel, self.loop, self.undelivered)
        return AskWaiting(waiting, future, partial(future.arm, bus.wheel, deadline))


def tell_foreign(cell: Cell, envelope: Envelope, timeout: float | None) -> Outcome[None]:
    """Deliver from a thread that does not own the mailbox; where there is no room the outcome waits."""
    mailbox = cell.mailbox
    if mailbox.closed is not None:
        stopped = ActorStopped(f"message not delivered: {mailbox.closed}", message=envelope.message)
        cell.undelivered(envelope, stopped)
        return Failed(stopped)
    if mailbox.crowded:
        if mailbox.overflow is Overflow.REJECT:
            error = MailboxFull(f"the mailbox is full ({mailbox.limit} messages)", message=envelope.message)
            cell.undelivered(envelope, error)
            return Failed(error)
        if mailbox.overflow is Overflow.WAIT:
            return ForeignWaiting(mailbox, envelope, cell.timeout if timeout is None else timeout, cell.undelivered)
    mailbox.put_foreign(envelope)
    return DELIVERED
