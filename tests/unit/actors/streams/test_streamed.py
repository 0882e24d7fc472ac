from __future__ import annotations

import asyncio
from typing import Any

from peerbus.actors import Bus
from peerbus.actors.mailbox import ItemCounts
from peerbus.actors.streams import ENDED, ItemBuffer, ItemWindow, LocalSink, LocalStreamAsk, StreamedReply


async def test_one_of_this_process_takes_items_made_elsewhere_and_says_once_that_it_is_over() -> None:
    async with Bus() as bus:
        buffer = ItemBuffer("request", bus.loop, bus.wheel, ItemWindow(8))
        ask: Any = LocalStreamAsk.of(asyncio.get_running_loop(), "request", None, lambda _: "handler")
        ask.opened, ask.up, ask.up_buffer = False, None, None
        ask.down = LocalSink(ask, buffer, ItemCounts(), None)
        over: list[str] = []
        ask.on_end = lambda: over.append("over")
        reply: StreamedReply = ask
        assert reply.sending().put("item")
        assert not over
        reply.succeed(ENDED)
        reply.fail(ValueError("late"))
        assert over == ["over"]
        assert await buffer.batch(None) == ["item"]
        assert await buffer.batch(None) == []
