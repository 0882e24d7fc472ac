"""Pipes inside one process, for tests of what makes streams of them."""

from __future__ import annotations

import asyncio

__all__ = ["QueuedPipe"]


class QueuedPipe:
    """One end of two queues. `stuck`: it takes nothing; `mistake`: what sending raises."""

    def __init__(self, incoming: asyncio.Queue[bytes | None], outgoing: asyncio.Queue[bytes | None]) -> None:
        self._incoming, self._outgoing = incoming, outgoing
        self.stuck = False
        self.mistake: Exception | None = None
        self.closed = 0
        self.ended = asyncio.Event()

    @classmethod
    def pair(cls) -> tuple[QueuedPipe, QueuedPipe]:
        """Both ends."""
        there, back = asyncio.Queue[bytes | None](4), asyncio.Queue[bytes | None](4)
        return cls(there, back), cls(back, there)

    async def send(self, block: bytes) -> None:
        """Send a block."""
        if self.mistake is not None:
            raise self.mistake
        if self.stuck:
            await asyncio.Event().wait()
        await self._outgoing.put(block)

    async def receive(self) -> bytes:
        """The next block."""
        block = await self._incoming.get()
        if block is None:
            raise OSError("the pipe was cut")
        return block

    def close(self) -> None:
        """Count it."""
        self.closed += 1
        self.ended.set()

    async def cut(self) -> None:
        """The other end hears nothing more than an error."""
        await self._outgoing.put(None)
