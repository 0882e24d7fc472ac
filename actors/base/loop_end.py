"""The end of an event loop, heard by what is still open on it.

An asynchronous generator that stands at its `yield` is closed by whoever ends its loop in order (`asyncio.run`,
`loop.shutdown_asyncgens`), after the tasks have been cancelled and while the loop can still run: the one hook that
asyncio has for this.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol

from .references import reference

__all__ = ["Left", "closed_with_loop", "end_guard"]


class Left(Protocol):
    """Something that was to be closed before its loop ends."""

    async def close_left(self) -> None:
        """The loop ends: close now, if that has not been done."""


async def closed_with_loop(left: Left) -> AsyncGenerator[None]:
    """Step into it once: `left.close_left()` is called when the loop ends, unless `left` is gone by then."""
    weak = reference(left)
    del left
    try:
        yield
    finally:
        remaining = weak()
        if remaining is not None:
            await remaining.close_left()


async def end_guard(guard: AsyncGenerator[None]) -> None:
    """It has been closed. Also where that is what the guard does right now."""
    if not getattr(guard, "ag_running", False):  # of every generator, though `AsyncGenerator` does not name it
        await guard.aclose()
