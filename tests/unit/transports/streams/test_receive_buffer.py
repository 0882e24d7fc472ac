"""What arrived is read once, in order, and then comes the end."""

from __future__ import annotations

import asyncio
import sys

import pytest

from peerbus.actors.base.errors import StreamBroken, StreamClosed
from peerbus.transports.streams.receive_buffer import ReceiveBuffer
from peerbus.transports.streams.transport import MAX_CHUNK, RECEIVE_BUFFER


async def test_small_chunks_are_read_together() -> None:
    buffer = ReceiveBuffer()
    for chunk in (b"a", b"", b"b", b"c"):
        buffer.feed(chunk)
    assert await buffer.read() == b"abc"


async def test_a_read_returns_at_most_a_chunk() -> None:
    buffer = ReceiveBuffer()
    buffer.feed(b"x" * (MAX_CHUNK + 1))
    buffer.feed(b"y" * MAX_CHUNK)
    assert [len(await buffer.read()) for _ in range(3)] == [MAX_CHUNK, 1, MAX_CHUNK]


async def test_it_is_full_at_its_bound_and_has_room_at_half_of_it() -> None:
    buffer = ReceiveBuffer()
    seen: list[tuple[bool, bool]] = []
    for _ in range(RECEIVE_BUFFER // MAX_CHUNK):
        seen.append((buffer.full, buffer.room))
        buffer.feed(bytes(MAX_CHUNK))
    for _ in range(3):
        seen.append((buffer.full, buffer.room))
        await buffer.read()
    filling = [(False, True), (False, True), (False, True), (False, False)]
    emptying = [(True, False), (False, False), (False, True)]
    assert seen == filling + emptying


async def test_the_end_comes_after_the_last_byte_and_again_and_again() -> None:
    buffer = ReceiveBuffer()
    buffer.feed(b"last")
    ended = [buffer.ended]
    buffer.feed_end()
    buffer.feed_end(StreamBroken("too late"))
    buffer.feed(b"too late")
    assert [*ended, buffer.ended] == [False, True]
    assert [await buffer.read() for _ in range(3)] == [b"last", b"", b""]


async def test_a_break_is_raised_after_the_last_byte_with_its_cause() -> None:
    buffer = ReceiveBuffer()
    buffer.feed(b"last")
    error = StreamBroken("the cable was cut")
    error.__cause__ = OSError("cut")
    buffer.feed_end(error)
    assert await buffer.read() == b"last"
    for _ in range(2):
        with pytest.raises(StreamBroken, match="the cable was cut") as raised:
            await buffer.read()
        assert isinstance(raised.value.__cause__, OSError)


async def test_closing_drops_what_was_not_read_and_wakes_the_reader() -> None:
    buffer = ReceiveBuffer()
    reading = asyncio.create_task(buffer.read())
    await asyncio.sleep(0)
    buffer.close()
    with pytest.raises(StreamClosed):
        await reading
    buffer.feed(b"too late")
    with pytest.raises(StreamClosed):
        await buffer.read()


async def test_a_second_reader_is_refused() -> None:
    buffer = ReceiveBuffer()
    reading = asyncio.create_task(buffer.read())
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="another task"):
        await buffer.read()
    buffer.feed(b"x")
    buffer.feed(b"y")
    assert await reading == b"xy"


@pytest.mark.parametrize("order", ["fails, then closed", "closed, then fails"])
async def test_a_closed_one_keeps_no_error_as_its_frames_keep_the_connection(order: str) -> None:
    buffer = ReceiveBuffer()
    error = StreamBroken("the connection broke")
    kept = sys.getrefcount(error)
    steps = [lambda: buffer.feed_end(error), buffer.close]
    for step in steps if order == "fails, then closed" else reversed(steps):
        step()
    assert (buffer.ended, sys.getrefcount(error)) == (True, kept)
    with pytest.raises(StreamClosed):
        await buffer.read()
