"""The sending end of a stream in one process: room, and what became of each item."""

from __future__ import annotations

import asyncio

import pytest
from virtual_time import in_virtual_time

from peerbus.actors import MessageTypeError
from peerbus.actors.mailbox import ItemCounts
from peerbus.actors.sends import DeadlineWheel
from peerbus.actors.streams.buffer import ItemBuffer
from peerbus.actors.streams.credit import ItemWindow
from peerbus.actors.streams.local_sink import LocalSink


@in_virtual_time
async def test_each_item_is_accounted_for() -> None:
    loop = asyncio.get_running_loop()
    buffer, counts = ItemBuffer("request", loop, DeadlineWheel(loop), ItemWindow(4)), ItemCounts()
    sink = LocalSink(None, buffer, counts, int)
    for number in range(4):
        sink.put(number)
    assert (sink.ready, counts.account.sent, counts.account.pending, counts.open) == (False, 4, 4, 1)
    assert (await buffer.take(None), sink.ready) == (0, True)
    assert counts.account.delivered == 1
    buffer.close()
    assert sink.over
    assert counts.account.failed == {"cancelled": 3}
    assert counts.account.balanced
    assert counts.open == 0


@in_virtual_time
async def test_an_item_of_another_type_ends_the_stream() -> None:
    loop = asyncio.get_running_loop()
    buffer = ItemBuffer("request", loop, DeadlineWheel(loop), ItemWindow(4))
    sink = LocalSink(None, buffer, ItemCounts(), int)
    sink.put("text")
    assert sink.over
    with pytest.raises(MessageTypeError, match="a str, not an int"):
        await buffer.take(None)
