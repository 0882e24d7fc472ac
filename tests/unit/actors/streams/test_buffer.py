"""Items that have come are taken in order, and what ended the stream comes behind them."""

from __future__ import annotations

import asyncio

import pytest
from virtual_time import in_virtual_time

from peerbus.actors import DeadlineExceeded, PeerbusError, PeerGone
from peerbus.actors.sends import DeadlineWheel, Wait
from peerbus.actors.streams.buffer import ItemBuffer
from peerbus.actors.streams.credit import ItemWindow


class Sender:
    """What a buffer tells its source."""

    def __init__(self) -> None:
        self.granted: list[tuple[int, int]] = []
        self.stopped = 0
        self.untaken: list[int] = []

    def grant(self, items: int, size: int) -> None:
        self.granted.append((items, size))

    def stop(self) -> None:
        self.stopped += 1

    def settle(self, untaken: int) -> None:
        self.untaken.append(untaken)

    def waits_for(self) -> Wait | None:
        return None


def buffer(window: ItemWindow, idle: float = float("inf")) -> tuple[ItemBuffer, Sender]:
    loop = asyncio.get_running_loop()
    made, sender = ItemBuffer("request", loop, DeadlineWheel(loop), window, idle), Sender()
    made.source = sender
    return made, sender


@in_virtual_time
async def test_credit_goes_back_when_an_item_is_taken_and_bytes_with_the_last_of_a_frame() -> None:
    items, sender = buffer(ItemWindow(8, 100))
    items.feed([1, 2, 3], 30)
    items.feed([4], 10)
    assert sender.granted == []
    assert [await items.take(None) for _ in range(4)] == [1, 2, 3, 4]
    assert [items for items, _ in sender.granted] == [2, 1]
    assert sum(size for _, size in sender.granted) == 30, "what is little is owed"
    items.finish()
    with pytest.raises(StopAsyncIteration):
        await items.take(None)
    assert (sender.stopped, sender.untaken) == (0, [0])


@in_virtual_time
async def test_an_error_comes_behind_the_items_and_says_how_many_came() -> None:
    items, sender = buffer(ItemWindow(8, 100))
    items.window.receive(2, 2, 1)
    items.feed([1, 2], 2)
    items.fail(PeerGone("it went"))
    assert sender.stopped == 1
    assert [await items.take(None), await items.take(None)] == [1, 2]
    with pytest.raises(PeerGone, match="after 2 items of the stream"):
        await items.take(None)
    with pytest.raises(StopAsyncIteration):
        await items.take(None)


@in_virtual_time
async def test_nobody_waits_longer_than_an_item_may_take_and_one_reader_reads() -> None:
    items, sender = buffer(ItemWindow(8, 100), idle=1.0)
    first = asyncio.ensure_future(items.take(None))
    await asyncio.sleep(0)
    with pytest.raises(PeerbusError, match="one reader"):
        await items.take(None)
    with pytest.raises(DeadlineExceeded, match="within 1 s"):
        await first
    assert sender.stopped == 1


@in_virtual_time
async def test_who_waits_for_a_place_hears_so_and_its_first_item_has_as_long_as_any() -> None:
    items, sender = buffer(ItemWindow(8, 100), idle=1.0)
    items.turned()
    with pytest.raises(DeadlineExceeded) as late:
        await items.take(None)
    assert (late.value.phase, late.value.items, sender.stopped) == ("streams", 0, 1)
    loop = asyncio.get_running_loop()
    items, sender = buffer(ItemWindow(8, 100), idle=1.0)
    began = loop.time()
    items.turned()
    loop.call_later(0.75, items.turned)
    with pytest.raises(DeadlineExceeded) as late:
        await items.take(None)
    assert late.value.phase == "idle"
    assert loop.time() - began == pytest.approx(1.75, abs=0.1)


@in_virtual_time
async def test_closed_it_says_how_many_nobody_took() -> None:
    items, sender = buffer(ItemWindow(8, 100))
    items.feed([1, 2, 3], 3)
    await items.take(None)
    items.close()
    items.close()
    assert (sender.stopped, sender.untaken) == (1, [2])
    assert items.ended
