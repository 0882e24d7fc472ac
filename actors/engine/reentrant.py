"""Reentrant handlers of an actor on the loop: each runs beside the next messages, in a task of its own.

Tasks: one for each message that such a handler is at, at most MAX_BESIDE (wait for: whatever handlers await).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from inspect import CORO_CREATED, getcoroutinestate
from types import CoroutineType
from typing import cast

from ..base import forget_task, new_task
from ..mailbox import Envelope
from .cell import Cell
from .state import State
from .turn_task import discard

__all__ = ["MAX_BESIDE", "Reentrant"]

#: Reentrant handlers of one actor that run at once; further messages wait in the mailbox.
MAX_BESIDE = 1024


class Reentrant:
    """Those of one cell. `done(was_full)` is called when one has ended."""

    __slots__ = ("_cell", "_done", "_loop", "_tasks")

    def __init__(self, cell: Cell, loop: asyncio.AbstractEventLoop, done: Callable[[bool], None]) -> None:
        self._cell = cell
        self._loop = loop
        self._done = done
        self._tasks: dict[asyncio.Task[None], Envelope] = {}

    def begin(self, envelope: Envelope, awaitable: object) -> None:
        """Run the handler of this message."""
        task = new_task(
            self._run(envelope, cast("Awaitable[object]", awaitable)),
            loop=self._loop,
            name=f"peerbus {self._cell} {type(envelope.message).__name__}",
            context=copy_context(),
        )
        self._tasks[task] = envelope
        task.add_done_callback(self._ended)

    async def _run(self, envelope: Envelope, awaitable: Awaitable[object]) -> None:
        cell, reply = self._cell, envelope.reply
        if not (cell.state is State.RUNNING or cell.stops_in_order) or (reply is not None and reply.done()):
            # As in `TurnTask`: it has not begun.
            discard(awaitable)
            cell.refuse_left(envelope)
            return
        task = asyncio.current_task()
        assert task is not None
        try:
            result = await awaitable
        except asyncio.CancelledError as error:
            if task.cancelling():
                cell.refuse_left(envelope, begun=True)
                raise
            cell.failed(envelope, error)
        except BaseException as error:  # whatever a handler raises is the supervisor's business
            if isinstance(error, GeneratorExit) and not self._loop.is_running():
                raise
            cell.failed(envelope, error)
        else:
            if envelope.reply is not None and not cell.is_aside(envelope):
                envelope.reply.succeed(result)
        finally:
            del task, reply, envelope  # the error keeps this frame, see outcome; no collector looks into a message

    def _ended(self, task: asyncio.Task[None]) -> None:
        full = self.full
        if self._tasks.pop(task, None) is not None:  # else it was left behind
            self._done(full)

    @property
    def full(self) -> bool:
        """No message is taken until one has ended."""
        return len(self._tasks) >= MAX_BESIDE

    def __len__(self) -> int:
        return len(self._tasks)

    @property
    def messages(self) -> tuple[Envelope, ...]:
        """What they are at."""
        return tuple(self._tasks.values())

    def message_of(self, task: asyncio.Task[object] | None) -> Envelope | None:
        """What that task is at; None for any other's."""
        return self._tasks.get(cast("asyncio.Task[None]", task))

    def task_of(self, envelope: Envelope) -> asyncio.Task[None] | None:
        """The task that is at this message."""
        return next((task for task, its in self._tasks.items() if its is envelope), None)

    def task_for(self, reply: object) -> asyncio.Task[None] | None:
        """The task whose answer goes to `reply`."""
        return next((task for task, its in self._tasks.items() if its.reply is reply), None)

    def cancel(self, task: asyncio.Task[None]) -> None:
        """End that one. A task that was made in this very turn begins first, or its handler would never be closed."""
        self._loop.call_soon(task.cancel)

    def cancel_all(self) -> None:
        """End them."""
        for task in self._tasks:
            self.cancel(task)

    def begun(self, task: asyncio.Task[None]) -> bool:
        """Its first step is done. One that has not begun finds by itself that nobody wants it."""
        return getcoroutinestate(cast("CoroutineType[object, object, None]", task.get_coro())) != CORO_CREATED

    def has_begun(self, reply: object) -> bool:
        """As `begun`, of the task whose answer goes to `reply`."""
        task = self.task_for(reply)
        return task is not None and self.begun(task)

    def leave_behind(self) -> tuple[Envelope, ...]:
        """They do not end: forget their tasks. Returns the messages."""
        for task in self._tasks:
            forget_task(task)
        left = self.messages
        self._tasks.clear()
        return left
