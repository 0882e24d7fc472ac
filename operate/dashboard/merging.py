"""The pictures of several nodes as one stream, for a browser has few connections to one server."""

# Law: of each node only the latest is kept for who reads slowly, so that what is shown is never old, nor much.

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from functools import partial

from .watched import WatchedNode

__all__ = ["merged"]


class _Latest:
    """What has come and was not sent: one event for each node."""

    def __init__(self) -> None:
        self._events: dict[str, bytes] = {}
        self._news = asyncio.Event()

    def put(self, key: str, event: bytes) -> None:
        self._events[key] = event
        self._news.set()

    def lost(self, key: str, text: str) -> None:
        said = json.dumps({"text": text}).encode()
        self.put(key, b"event: lost@%s\ndata: %s\n\n" % (key.encode(), said))

    async def take(self) -> bytes:
        """All of it, as soon as there is some."""
        await self._news.wait()
        self._news.clear()
        events, self._events = self._events, {}
        return b"".join(events.values())


async def merged(nodes: Sequence[WatchedNode], every: float) -> AsyncGenerator[bytes, None]:
    """Server-sent events `picture@KEY` and `lost@KEY`, until it is closed.

    Tasks: one for each node (waits for: its pictures; feeds: the stream).
    """
    latest = _Latest()
    tasks = [
        asyncio.create_task(
            node.pictures(every, partial(latest.put, node.key), partial(latest.lost, node.key)),
            name=f"dashboard: pictures of {node.name}",
        )
        for node in nodes
    ]
    try:
        yield b"retry: 1000\n\n"
        while True:
            yield await latest.take()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
