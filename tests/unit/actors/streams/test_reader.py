"""A stream in its reader's hands: what it shows, and that letting go of it ends it."""

from __future__ import annotations

import asyncio
from math import inf

import pytest
from virtual_time import in_virtual_time

from peerbus.actors.base import PeerbusError, SendError
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
async def test_a_second_reader_is_told_so_and_the_first_reads_on() -> None:
    reader, buffer = made()

    async def read() -> list[int]:
        return [item async for item in reader]

    first = asyncio.ensure_future(read())
    await asyncio.sleep(0)
    with pytest.raises(PeerbusError, match="one reader"):
        await read()
    buffer.feed([1, 2], 1)
    await asyncio.sleep(0)
    assert not buffer.ended, "the loop of the second one has been left"
    buffer.finish()
    assert await first == [1, 2]


@in_virtual_time
async def test_closed_by_another_task_it_does_not_end_as_if_that_had_been_all() -> None:
    async def read(way: str, reader: ItemReader[int]) -> list[int]:
        return [item async for item in reader] if way == "loop" else [await anext(reader), await anext(reader)]

    for way in ("loop", "by hand"):
        reader, buffer = made()
        reading = asyncio.ensure_future(read(way, reader))
        buffer.window.receive(1, 1, 1)
        buffer.feed([1], 1)
        await asyncio.sleep(0)
        await reader.aclose()
        with pytest.raises(SendError, match="closed after 1 items, before its end") as closed:
            await reading
        assert (closed.value.reason, closed.value.items) == ("cancelled", 1)
    reader, buffer = made()
    reading = asyncio.ensure_future(read("loop", reader))
    await asyncio.sleep(0)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    assert buffer.ended, "a loop that is cancelled ends the stream"


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
