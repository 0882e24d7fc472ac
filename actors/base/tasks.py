"""The one maker of the engine's tasks on an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextvars import Context
from typing import Any, TypeVar

__all__ = ["forget_task", "new_task"]

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
    """Leave a task that does not end out of those that are waited for when a loop ends, as by `asyncio.run`.

    It goes on for as long as the loop does. The caller says so in the log.
    """
    asyncio._unregister_task(task)  # documented for whoever extends asyncio
    # Or asyncio says once more, when the task goes, that it had not ended.
    task._log_destroy_pending = False  # type: ignore[attr-defined]  # as `asyncio.gather` does
