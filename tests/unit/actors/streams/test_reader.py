"""A stream in its reader's hands: what it shows, and that letting go of it ends it."""

from __future__ import annotations

import asyncio
from math import inf

import pytest
from virtual_time import in_virtual_time

from peerbus.actors.sends import DeadlineWheel
from peerbus.actors.streams.buffer import ItemBuffer
from peerbus.actors.streams.credit import ItemWindow
from peerbus.actors.streams.reader import ItemReader


def made() -> tuple[ItemReader[int], ItemBuffer]:
    loop = asyncio.get_running_loop()
    buffer = ItemBuffer("request", loop, DeadlineWheel(loop), ItemWindow(), inf)
    return ItemReader(buffer), buffer


@in_virtual_time
async def test_letting_go_of_it_ends_it_and_so_does_leaving_its_block() -> None:
    reader, buffer = made()
    assert "open, 0 items" in repr(reader)
    del reader
    assert buffer.ended
    reader, buffer = made()
    async with reader:
        buffer.feed([1], 1)
        assert await anext(reader) == 1
    assert buffer.ended
    with pytest.raises(StopAsyncIteration):
        await anext(reader)


@in_virtual_time
async def test_what_it_waits_for_before_it_begins_may_fail() -> None:
    class Begun:
        async def enter(self) -> None:
            raise ValueError("no room")

    _, buffer = made()
    reader: ItemReader[int] = ItemReader(buffer, Begun())
    with pytest.raises(ValueError, match="no room"):
        await anext(reader)
    assert buffer.ended
