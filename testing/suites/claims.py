"""What a check of a suite claims, and the turns of the loop that it lets pass before."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Coroutine
from typing import TypeVar

__all__ = ["cancel_after", "expect", "require", "turns"]

_E = TypeVar("_E", bound=BaseException)


def require(holds: object, otherwise: str) -> None:
    """Fail unless it holds. Raises AssertionError with what is so `otherwise`."""
    if not holds:
        raise AssertionError(otherwise)


async def expect(error: type[_E], awaitable: Awaitable[object], what: str) -> _E:
    """Fail unless awaiting `what` raises `error`; returns that. Raises AssertionError."""
    try:
        result = await awaitable
    except error as raised:
        return raised
    raise AssertionError(f"{what} gave {result!r} instead of {error.__name__}")


async def turns(count: int) -> None:
    """Let the loop turn: every task that can go on does, and every socket that is ready is served."""
    for _ in range(count):
        await asyncio.sleep(0)


async def cancel_after(after: int, awaitable: Coroutine[None, None, object]) -> None:
    """Begin something, cancel it some turns later, and abort the stream that it came to even so."""
    task = asyncio.create_task(awaitable)
    await turns(after)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        abort = getattr(await task, "abort", None)
        if abort is not None:
            abort()
