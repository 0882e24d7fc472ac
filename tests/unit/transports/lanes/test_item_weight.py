"""Items that wait for their reader count as what they take in memory, by the heaviest of their types."""

from __future__ import annotations

import asyncio

from virtual_time import in_virtual_time

from peerbus.actors import Message
from peerbus.actors.sends import DeadlineWheel
from peerbus.actors.streams import ItemBuffer, ItemWindow
from peerbus.transports.lanes import note_kinds, weight_of_unread


class Chunk(Message):
    data: bytes


class Rows(Message):
    rows: list[list[int]]


@in_virtual_time
async def test_what_is_unread_counts_by_its_types_and_what_is_taken_does_not() -> None:
    loop = asyncio.get_running_loop()
    buffer = ItemBuffer(None, loop, DeadlineWheel(loop), ItemWindow())
    assert weight_of_unread(buffer) == 0
    items = [Chunk(bytes(1000))] * 10
    buffer.window.receive(10, 10_000, 1000)
    note_kinds(buffer, 1, items)
    buffer.feed(items, 10_000)
    light = weight_of_unread(buffer)
    assert 10_000 < light < 30_000
    buffer.window.receive(1, 1000, 1000)
    note_kinds(buffer, 2, [Rows([])])
    buffer.feed([Rows([])], 1000)
    assert weight_of_unread(buffer) > 40 * 11_000
    assert len(await buffer.batch(buffer)) == 10
    assert len(await buffer.batch(buffer)) == 1
    buffer._goes_on()
    assert weight_of_unread(buffer) == 0
    buffer.close()


@in_virtual_time
async def test_plain_values_count_by_each_of_their_kinds() -> None:
    loop = asyncio.get_running_loop()
    buffer = ItemBuffer(None, loop, DeadlineWheel(loop), ItemWindow())
    note_kinds(buffer, 0, [b"", 1])
    before = buffer.per_byte
    note_kinds(buffer, 0, [b"", [[]]])
    assert buffer.per_byte > 50 * before
    buffer.close()
