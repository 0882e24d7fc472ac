"""What holds an actor on the event loop, and what is measured of its messages; `LoopCell` runs it."""

from __future__ import annotations

import asyncio

from ..mailbox import Envelope, Side
from ..sends import AskFuture
from .cell import Cell
from .reentrant import Reentrant
from .state import State
from .turn_task import TurnTask

__all__ = ["HeldCell"]


class HeldCell(Cell):
    """See the module. On the loop's thread."""

    __slots__ = ("_hook_task", "_reentrant", "_turns", "loop")

    loop: asyncio.AbstractEventLoop
    #: Takes the messages once there was an `async def` handler; `drain` does before.
    _turns: TurnTask | None
    #: Reentrant handlers, once there was one.
    _reentrant: Reentrant | None
    #: Runs an `async def` hook.
    _hook_task: asyncio.Task[None] | None

    @property
    def _awaiting(self) -> Envelope | None:
        return None if self._turns is None else self._turns.awaiting

    def standing(self) -> tuple[object, object]:
        """The task of the hook, or of the handler that the next message waits for."""
        if self._hook_task is not None:
            return self._hook_task, self._hook_task
        turns = self._turns
        return (None, None) if turns is None or turns.awaiting is None else (turns.task, turns.awaiting)

    def task_of(self, reply: object) -> object:
        """The reentrant handler that works on it, or the one that it stands behind."""
        beside = None if reply is None else self._reentrant  # a tell that is handled there has no reply, either
        task = None if beside is None else beside.task_for(reply)
        return self.standing()[0] if task is None else task

    @property
    def detached(self) -> tuple[Envelope, ...]:
        """The messages that reentrant handlers are at."""
        return () if self._reentrant is None else self._reentrant.messages

    def holding(self) -> Envelope | None:
        """As `Driven.holding`. Where a task has the messages, it has the loop too."""
        if self.state is not State.RUNNING or self._turns is not None:
            return None
        return None if self._reentrant is not None and self._reentrant.full else self.current

    def beside(self, envelope: Envelope) -> asyncio.Task[None] | None:
        """As `Cell.beside`."""
        return None if self._reentrant is None else self._reentrant.task_of(envelope)

    def work_for(self, reply: object) -> asyncio.Task[None] | None:
        """As `Driven.work_for`."""
        return None if self._reentrant is None else self._reentrant.task_for(reply)

    # What comes meanwhile.

    def sample(self) -> None:
        """Measure how long the newest message stays, and how long its asker waits."""
        assert self.bus is not None
        mailbox = self.mailbox
        self.mark = mailbox.came, self.bus.timings.clock()
        newest = mailbox.newest()
        if newest is not None and isinstance(newest.reply, AskFuture):
            newest.reply.add_done_callback(self.bus.timings.asking(Side.LOCAL, self.channel_name), context=self.context)

    @property
    def held(self) -> bool:
        """As `Cell.held`."""
        if self._turns is not None:
            return self._turns.awaiting is not None
        if self.state is State.RUNNING:
            return self._reentrant is not None and self._reentrant.full
        return self.state is not State.STOPPED

    def hold(self) -> None:
        """No message is taken for now: note when those come that do."""
        assert self.bus is not None
        self.bus.arrivals.hold(self)
