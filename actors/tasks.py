"""Tasks on the event loop: those of the engine, and those that an actor's handlers start."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextvars import Context
from typing import TYPE_CHECKING, Any, TypeVar

from .errors import PeerbusError

if TYPE_CHECKING:
    from .life import Life

__all__ = ["ActorTasks", "forget_task", "new_task"]

T = TypeVar("T")


def new_task(
    coroutine: Coroutine[object, object, T],
    *,
    loop: asyncio.AbstractEventLoop,
    name: str,
    context: Context | None = None,
) -> asyncio.Task[T]:
    """A task that begins in a later turn of the loop, whatever task factory the program has set.

    An eager one (`asyncio.eager_task_factory`) would run the coroutine inside the call that makes the task, before
    its owner knows of it. `context`: what it runs in; None: a copy of the caller's.
    """
    return asyncio.Task(coroutine, loop=loop, name=name, context=context)


def forget_task(task: asyncio.Task[Any]) -> None:
    """Let nobody wait for a task that does not end, who waits for all of a loop, as `asyncio.run` does.

    It goes on for as long as the loop does. Whoever forgets it says so.
    """
    asyncio._unregister_task(task)  # documented for whoever extends asyncio
    # Or asyncio says once more, when the task goes, that it had not ended.
    task._log_destroy_pending = False  # type: ignore[attr-defined]  # as `asyncio.gather` does


class ActorTasks:
    """The tasks that one actor's handlers have started. They are cancelled when it ends, or is rebuilt."""

    __slots__ = ("_owner", "_running")

    def __init__(self, owner: Life) -> None:
        self._owner = owner
        self._running: dict[asyncio.Task[object], None] = {}

    def start(self, coroutine: Coroutine[object, object, T], name: str | None) -> asyncio.Task[T]:
        """Run `coroutine` beside the actor's handlers, in a copy of the caller's context."""
        bus = self._owner.bus
        assert bus is not None
        if name is None:
            name = f"peerbus {self._owner} {getattr(coroutine, '__name__', 'task')}"
        task = new_task(self._run(coroutine), loop=bus.loop, name=name)
        self._running[task] = None
        task.add_done_callback(self._done)
        return task

    def cancel_all(self) -> None:
        """End them."""
        for task in tuple(self._running):
            task.cancel("its actor stops, or is rebuilt")

    def leave_behind(self) -> None:
        """The actor ends without those that do not end."""
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
        if task not in self._running:  # left behind
            return
        del self._running[task]
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._owner.task_failed(task.get_name(), error)
        self._owner.settle()
