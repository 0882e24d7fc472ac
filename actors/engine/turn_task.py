"""The task of an actor on the loop with `async def` handlers: it takes the messages, and awaits one handler at a time.

Task: one (waits for: the mailbox, and whatever handlers await). It begins with the first message that has to be
awaited, and lives as long as the actor, or until a handler leaves another context behind.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import cast

from ..base import forget_task, new_task
from ..mailbox import Envelope
from .cell import Cell
from .context_content import alike, contents
from .life_end import HALT
from .state import State
from .timers import Followed
from .timings import SAMPLED
from .turn_pace import TurnPace

__all__ = ["TurnTask", "discard"]

#: A message whose handler has to be awaited.
Following = tuple[Envelope, Awaitable[object]]


class TurnTask:
    """That task of one cell. `ended` is called when it takes no message any more, `lost` where its loop has closed."""

    __slots__ = (
        "_cell",
        "_ended",
        "_held",
        "_loop",
        "_lost",
        "_pace",
        "_parked",
        "awaiting",
        "interrupted",
        "task",
    )

    def __init__(
        self,
        cell: Cell,
        loop: asyncio.AbstractEventLoop,
        following: Following,
        ended: Callable[[], None],
        lost: Callable[[], None],
    ) -> None:
        self._cell = cell
        self._loop = loop
        self._ended = ended
        self._lost = lost
        #: What it awaits when the mailbox is empty.
        self._parked: asyncio.Future[None] | None = None
        #: The message whose handler it awaits.
        self.awaiting: Envelope | None = None
        #: That handler was cancelled by its cell.
        self.interrupted = False
        #: What its context holds beside what the handler sets that it awaits; see `contents`.
        self._held: object = None
        #: How long it goes on before it lets others have their turn.
        self._pace = TurnPace(cell.now, unseen=1)
        context = cell.context.copy()
        self.task = new_task(self._turns(following, context), loop=loop, name=f"peerbus {cell}", context=context)

    def unpark(self) -> None:
        """There are messages."""
        parked, cell = self._parked, self._cell
        if parked is None:
            if self.awaiting is not None and cell.bus is not None:
                cell.bus.arrivals.rang(cell)
        elif not parked.done():
            if not cell.mailbox.delivered % SAMPLED and cell.mark is None:
                cell.sample()
            try:
                parked.set_result(None)
            except RuntimeError:
                if not self._loop.is_closed():
                    raise
                self._lost()

    async def _turns(self, following: Following | None, context: Context) -> None:
        """Handle messages in `context`, a copy of the actor's own."""
        cell = self._cell
        fault: BaseException | None = None
        spoilt = False
        self._held = contents(context)[-1]
        try:
            while following is not None:
                envelope, awaitable = following
                following = None
                halted = await self._await(envelope, awaitable)
                del envelope, awaitable
                # What a handler that is awaited sets, the next message must not see.
                if contents(context)[-1] is not self._held:
                    if not alike(context, cell.context):
                        spoilt = True
                        break
                    self._held = contents(context)[-1]
                following = None if halted is HALT else await self._next_awaitable(context)
        except asyncio.CancelledError:
            # Nobody here cancels the task between handlers: the loop itself is ending.
            cell.leave("its task was cancelled", farewell=False, kill=True)
            raise
        except GeneratorExit:  # the loop has ended and is being forgotten
            raise
        except BaseException as error:  # noqa: BLE001  # as in `LoopCell.drain`
            fault = error
        finally:
            self._ended()
        if fault is not None:
            try:
                cell.turn_failed(fault)
            finally:
                del fault
        elif spoilt and cell.state is State.RUNNING:
            cell.again()  # in a task with a context that is as it was

    async def _await(self, envelope: Envelope, awaitable: Awaitable[object]) -> object:
        cell, reply = self._cell, envelope.reply
        if cell.state is not State.RUNNING or (reply is not None and reply.done()):
            # Between the call of the handler and this turn nobody wanted it any more: it has not begun.
            discard(awaitable)
            cell.refuse_left(envelope)
            return cell.verdict()
        self.awaiting = envelope
        assert cell.bus is not None
        if cell.bus.deadlocks.resting:
            cell.bus.deadlocks.wake()
        mailbox = cell.mailbox
        began = 0.0 if mailbox.delivered % SAMPLED else cell.bus.timings.clock()
        if began and cell.mark is None and mailbox.filled:
            cell.sample()
        cell.bus.arrivals.hold(cell)
        error: BaseException | None = None
        result: object = None
        try:
            result = await awaitable
        except BaseException as raised:  # user code
            if isinstance(raised, GeneratorExit) and not self._loop.is_running():
                raise  # the loop has ended and is being forgotten
            error = raised
        finally:
            self.awaiting = None
            mailbox.scheduled = True
        if began:
            cell.bus.timings.took(cell.channel_name, cell.bus.timings.clock() - began)
        try:
            cancelled = isinstance(error, asyncio.CancelledError)
            if self.interrupted:
                self.interrupted = False
                while self.task.cancelling():
                    self.task.uncancel()
            elif cancelled and self.task.cancelling():
                cell.refuse_left(envelope, begun=True)
                assert error is not None
                raise error
            else:
                cancelled = False
            if cancelled:
                cell.refuse_left(envelope, begun=True)
            elif error is not None:
                return cell.failed(envelope, error)
            elif reply is not None and not cell.is_aside(envelope):
                reply.succeed(result)
            return cell.verdict()
        finally:
            del error, reply  # the error keeps this frame, see outcome

    async def _next_awaitable(self, context: Context) -> Following | None:
        """Take messages until one has to be awaited; None: the cell takes no more."""
        cell = self._cell
        mailbox = cell.mailbox
        following: Following | None = None
        alone = True
        while cell.state is State.RUNNING:
            if not self._pace.goes_on():  # also where every handler awaits only what is there already
                cell.current = None
                self._pace.begin()
                await asyncio.sleep(0)
                continue
            envelope = mailbox.take()
            if envelope is None:
                cell.current = None
                if mailbox.rest():
                    self._parked = self._loop.create_future()
                    try:
                        await self._parked
                    finally:
                        self._parked = None
                self._pace.begin()
                continue
            if cell.mark is not None:
                self._look_at_mark(cell.mark)
            result = cell.handle(envelope)
            if result is not None:
                if result is not HALT:
                    following = envelope, cast("Awaitable[object]", result)
                break
            alone = False
        if not alone:
            self._adopt(context)
        return following

    def _look_at_mark(self, mark: tuple[int, float]) -> None:
        """A message was taken: was it the one that is measured?"""
        cell = self._cell
        if cell.mailbox.delivered - cell.mailbox.queued >= mark[0]:
            cell.mark = None
            assert cell.bus is not None
            cell.bus.timings.waited(cell.channel_name, cell.bus.timings.clock() - mark[1])

    def _adopt(self, context: Context) -> None:
        # What handlers have set that are not awaited is the actor's from now on, as where no task handles its messages.
        held = contents(context)[-1]
        if held is not self._held:
            self._held = held
            self._cell.context = context.copy()

    def interrupt(self, why: str) -> None:
        """Cancel the handler that it awaits, unless that asks for it itself."""
        if self.awaiting is not None and self.task is not asyncio.current_task(self._loop):
            self.interrupted = True
            self.task.cancel(why)

    def leave_behind(self) -> Envelope | None:
        """The handler that it awaits does not end: forget the task. Returns the message."""
        forget_task(self.task)
        awaiting, self.awaiting = self.awaiting, None
        return awaiting


def discard(awaitable: Awaitable[object]) -> None:
    """Let go of what a handler has returned and nobody awaits."""
    if isinstance(awaitable, asyncio.Future):
        awaitable.cancel()
    elif asyncio.iscoroutine(awaitable):
        awaitable.close()
    elif isinstance(awaitable, Followed):
        discard(awaitable.of)
