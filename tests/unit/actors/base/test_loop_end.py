"""What is still open when its loop ends hears of it, once, while the loop can still run."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator

from peerbus.actors.base.loop_end import closed_with_loop, end_guard


class Left:
    """Counts how often it was closed."""

    def __init__(self) -> None:
        self.closed = 0
        self.guard: AsyncGenerator[None] | None = None

    async def close_left(self) -> None:
        """A step of the loop is possible."""
        await asyncio.sleep(0)
        self.closed += 1
        if self.guard is not None:
            await end_guard(self.guard)


def test_what_is_left_open_is_closed_when_the_loop_ends() -> None:
    left = Left()

    async def leave_it() -> None:
        left.guard = closed_with_loop(left)
        await anext(left.guard)

    asyncio.run(leave_it())
    assert left.closed == 1


def test_what_was_closed_before_is_not_closed_again() -> None:
    left = Left()

    async def close_it() -> None:
        guard = closed_with_loop(left)
        await anext(guard)
        await end_guard(guard)
        assert left.closed == 1

    asyncio.run(close_it())
    assert left.closed == 1


def test_the_guard_does_not_keep_what_it_guards() -> None:
    async def forget_it() -> None:
        left = Left()
        guard = closed_with_loop(left)
        await anext(guard)
        del left
        gc.collect()
        assert guard.ag_frame.f_locals["weak"]() is None  # type: ignore[attr-defined]  # as every generator has
        await end_guard(guard)

    asyncio.run(forget_it())
