"""The task of an `async def` hook of an actor on the loop: `on_start`, `on_stop`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context

from ..base import new_task

__all__ = ["hook_task"]


def hook_task(
    cell: object,
    awaitable: Awaitable[object],
    loop: asyncio.AbstractEventLoop,
    context: Context,
    then: Callable[[BaseException | None], object],
) -> asyncio.Task[None]:
    """Run the hook of `cell` to its end, then call `then(error)`. Nothing else of the actor runs meanwhile."""
    return new_task(_run_hook(cell, awaitable, loop, then), loop=loop, name=f"peerbus {cell} hook", context=context)


async def _await_hook(cell: object, awaitable: Awaitable[object]) -> None:
    """Await a hook of `cell`. Apart from what follows it, for the stall watch."""
    await awaitable


async def _run_hook(
    cell: object,
    awaitable: Awaitable[object],
    loop: asyncio.AbstractEventLoop,
    then: Callable[[BaseException | None], object],
) -> None:
    error: BaseException | None = None
    try:
        await _await_hook(cell, awaitable)
    except BaseException as raised:  # user code
        if isinstance(raised, GeneratorExit) and not loop.is_running():
            raise
        error = raised
    try:
        then(error)
        if isinstance(error, asyncio.CancelledError):
            raise error
    finally:
        del error, then
