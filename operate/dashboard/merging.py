"""The pictures of several nodes as one stream, for a browser has few connections to one server."""

# Law: of each node only the latest is kept for one that reads slowly, so that what is shown is never old, nor much.

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from functools import partial

from ..api import as_json
from .watch_list import WatchList
from .watched import WatchedNode

__all__ = ["merged"]

#: Seconds between two looks for nodes that have started meanwhile.
LOOK = 2.0


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


async def merged(watched: WatchList, every: float) -> AsyncGenerator[bytes, None]:
    """Server-sent events `nodes`, `picture@KEY` and `lost@KEY`, until it is closed.

    Tasks: one for each node (waits for: its pictures; feeds: the stream), and one that looks for others.
    """
    latest = _Latest()
    tasks: dict[str, asyncio.Task[None]] = {}

    def follow_all() -> None:
        nodes = {node.key: node for node in watched.nodes}
        for key in tasks.keys() - nodes.keys():
            tasks.pop(key).cancel()
        for key in nodes.keys() - tasks.keys():
            tasks[key] = asyncio.create_task(
                _pictures(nodes[key], every, latest), name=f"dashboard: pictures of {nodes[key].name}"
            )
        latest.put("", b"event: nodes\ndata: %s\n\n" % as_json([node.looked_at for node in nodes.values()]))

    async def look() -> None:
        seen = watched.version
        follow_all()
        while watched.grows:
            await watched.look()
            if watched.version != seen:
                seen = watched.version
                follow_all()
            await asyncio.sleep(LOOK)

    looking = asyncio.create_task(look(), name="dashboard: looks for nodes")
    try:
        yield b"retry: 1000\n\n"
        while True:
            yield await latest.take()
    finally:
        looking.cancel()
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(looking, *tasks.values(), return_exceptions=True)


async def _pictures(node: WatchedNode, every: float, latest: _Latest) -> None:
    await node.pictures(every, partial(latest.put, node.key), partial(latest.lost, node.key))
