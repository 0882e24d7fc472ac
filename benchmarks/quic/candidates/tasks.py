"""The tasks of a candidate, and what is done with a pipe that a listener got."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Coroutine

from ..pipe import Pipe, Serve

__all__ = ["Tasks", "free_port"]


class Tasks:
    """They end when nobody wants them any more."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, coroutine: Coroutine[object, object, None]) -> None:
        """Run it beside all others."""
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def serve(self, pipe: Pipe, serve: Serve) -> None:
        """Serve a pipe; whatever ends that, the other side sees that it ended."""

        async def served() -> None:
            with contextlib.suppress(Exception):
                await serve(pipe)

        self.begin(served())

    async def cancel(self) -> None:
        """End them all."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def free_port() -> int:
    """A UDP port of 127.0.0.1 that nobody has now, for a library that does not tell which one it got."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
