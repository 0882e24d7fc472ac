"""The tasks that one actor's handlers start beside themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Protocol, TypeVar

from ..base import PeerbusError, forget_task, new_task

__all__ = ["ActorTasks"]

T = TypeVar("T")


class TaskOwner(Protocol):
    """The actor whose handlers start them."""

    def exits(self, error: BaseException) -> None:
        """A task raised what ends the program."""

    def task_failed(self, name: str, error: BaseException) -> None:
        """A task raised something else."""

    def settle(self) -> None:
        """A task has ended: whatever waited for that goes on."""


class ActorTasks:
    """The tasks that one actor's handlers have started. They are cancelled when it ends, or is rebuilt."""

    __slots__ = ("_loop", "_owner", "_running")

    def __init__(self, owner: TaskOwner, loop: asyncio.AbstractEventLoop) -> None:
        self._owner = owner
        self._loop = loop
        #: With what each of them runs: one that is cancelled before its first step has not touched it.
        self._running: dict[asyncio.Task[object], Coroutine[object, object, object]] = {}

    def start(self, coroutine: Coroutine[object, object, T], name: str | None) -> asyncio.Task[T]:
        """Run `coroutine` beside the actor's handlers, in a copy of the caller's context."""
        if name is None:
            name = f"peerbus {self._owner} {getattr(coroutine, '__name__', 'task')}"
        task = new_task(self._run(coroutine), loop=self._loop, name=name)
        self._running[task] = coroutine
        task.add_done_callback(self._done)
        return task

    def cancel_all(self) -> None:
        """End them."""
        for task in tuple(self._running):
            task.cancel("its actor stops, or is rebuilt")

    def leave_behind(self) -> None:
        """The actor ends, and leaves behind the tasks that do not."""
        for task in self._running:
            forget_task(task)
        self._running.clear()

    def __bool__(self) -> bool:
        return bool(self._running)

    async def _run(self, coroutine: Coroutine[object, object, T]) -> T:
        try:
            return await coroutine
        except (SystemExit, KeyboardInterrupt) as error:
            # The loop would end at once, and with it everything that the bus still has to do.
            self._owner.exits(error)
            raise PeerbusError(f"a task of {self._owner} ended the program: {error!r}") from error

    def _done(self, task: asyncio.Task[object]) -> None:
        coroutine = self._running.pop(task, None)
        if coroutine is None:  # left behind
            return
        coroutine.close()  # of no account where it has begun
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._owner.task_failed(task.get_name(), error)
        self._owner.settle()
