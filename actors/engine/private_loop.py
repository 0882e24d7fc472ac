"""An awaitable run to its end on the private event loop of an actor's thread."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextvars import Context

__all__ = ["run_to_end"]


def run_to_end(runner: asyncio.Runner, awaitable: Awaitable[object], context: Context) -> object:
    """What it comes to. Raises what it does."""
    ended = Ended()
    result = runner.run(ended.of(awaitable), context=context)
    error, ended.error = ended.error, None
    try:
        if error is not None:
            raise error
        return result
    finally:
        del error  # it keeps this frame, see outcome


class Ended:
    """How it ended: not through the runner, whose frames keep its task, and that the error."""

    __slots__ = ("error",)

    def __init__(self) -> None:
        self.error: BaseException | None = None

    async def of(self, awaitable: Awaitable[object]) -> object:
        """Await it, and keep what it raises."""
        try:
            return await awaitable
        except BaseException as raised:  # noqa: BLE001  # raised by the caller
            self.error = raised
            return None
