from __future__ import annotations

import asyncio
from typing import Any

import pytest

from peerbus.actors import Bus, RemoteError, SendError
from peerbus.actors.mailbox import ItemCounts
from peerbus.actors.sends import AskFuture
from peerbus.actors.streams import ENDED, ItemBuffer, ItemWindow, LocalSink
from peerbus.node.workers.member_stream import send_on


class Reply:
    """Where items go."""

    def __init__(self, bus: Bus) -> None:
        self.buffer = ItemBuffer("request", bus.loop, bus.wheel, ItemWindow(4))
        self.down = LocalSink(None, self.buffer, ItemCounts(), None)
        self.began = 0

    def sending(self) -> LocalSink:
        self.began += 1
        return self.down


def asked(bus: Bus) -> tuple[ItemBuffer, AskFuture[Any]]:
    ask: AskFuture[Any] = AskFuture.of(bus.loop, "request", None, lambda _: "handler")
    return ItemBuffer("request", bus.loop, bus.wheel, ItemWindow(1_000)), ask


async def test_it_goes_as_far_as_its_reader_has_room_and_ends_as_the_process_says() -> None:
    async with Bus() as bus:
        reply: Any = Reply(bus)
        buffer, ask = asked(bus)
        task = asyncio.create_task(send_on(buffer, ask, None, reply))
        await asyncio.sleep(0)
        assert not reply.began, "an error before the first item is no item's"
        buffer.window.receive(10, 0, 0)
        buffer.feed(list(range(10)), 0)
        for _ in range(5):
            await asyncio.sleep(0)
        assert (reply.began, reply.buffer.untaken) == (1, 4)
        taken: list[int] = []
        while len(taken) < 10:
            taken += await reply.buffer.batch(None)
        assert taken == list(range(10))
        buffer.finish()
        ask.set_result(None)
        assert await task is ENDED
        buffer, ask = asked(bus)
        task = asyncio.create_task(send_on(buffer, ask, None, Reply(bus)))  # type: ignore[arg-type]  # all it asks of one
        buffer.fail(RemoteError("ValueError", "wrong"))
        with pytest.raises(RemoteError, match="wrong"):
            await task
        assert ask.cancelled()


async def test_it_ends_the_work_where_nobody_reads_on() -> None:
    async with Bus() as bus:
        reply: Any = Reply(bus)
        buffer, ask = asked(bus)
        task = asyncio.create_task(send_on(buffer, ask, None, reply))
        buffer.window.receive(10, 0, 0)
        buffer.feed(list(range(10)), 0)
        for _ in range(5):
            await asyncio.sleep(0)
        reply.buffer.fail(SendError("gone"))
        await task
        assert ask.cancelled()
        assert buffer.ended
