"""A stream of a pool's member that a process of its own runs: read from there, and sent on to whoever has asked for it.

Task: one for each stream, and one for the items that come with it, where some do (wait for: the process, the reader;
feed: the reader, the process).
"""

from __future__ import annotations

import asyncio
from typing import Any

from ...actors.base import SendError, new_task
from ...actors.sends import AskFuture
from ...actors.streams import ENDED, PASSED_ON, ItemBuffer, ItemReader, ItemsIn, ItemSink, StreamedReply, has_room

__all__ = ["send_on"]


async def send_on(buffer: ItemBuffer, ask: AskFuture[Any], up: ItemSink | None, reply: StreamedReply) -> object:
    """Send what comes into `buffer`, the answer to `ask`, where `reply` leads; and what comes with that to `up`.

    Returns what the handler there has answered. Raises what the stream ended with.
    """
    items: ItemReader[Any] = ItemReader(buffer)
    feeding: asyncio.Task[None] | None = None
    if up is not None:
        loop, name = asyncio.get_running_loop(), f"peerbus items to {type(ask.message).__name__}"
        feeding = new_task(_feed(reply.incoming(PASSED_ON), up, ask), loop=loop, name=name)
    sink: ItemSink | None = None
    try:
        async for item in items:
            if sink is None:
                sink = reply.sending()
            if not sink.put(item):
                await has_room(sink)
                if sink.over:
                    break
        answer: object = ask.result() if ask.done() and up is not None else None
        return ENDED if answer is None else answer
    finally:
        if feeding is not None:
            feeding.cancel()
        await items.aclose()
        if not ask.done():
            ask.cancel()
        del items, sink, feeding, reply, ask, buffer, up  # an error keeps this frame, see outcome


async def _feed(items: ItemsIn[Any], up: ItemSink, ask: AskFuture[Any]) -> None:
    """Send there what comes with the message. Where it comes to no good end, the process hears that."""
    try:
        async for item in items:
            while not (up.ready or up.over):  # there is none before the handler begins to read
                await up.room.wait()
            if up.over:
                return
            if not up.put(item) and up.ready:
                await asyncio.sleep(0)
        up.finish()
    except SendError as error:
        ask.give_up(error)
    finally:
        await items.aclose()
        del items, up, ask
