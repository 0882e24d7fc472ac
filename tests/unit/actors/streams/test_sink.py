"""What drives a generator: as far as there is room, and to its end in any case."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from virtual_time import in_virtual_time

from peerbus.actors.streams.sink import ENDED, ItemRoom, NoSink, drive, is_items


class Basket:
    """Takes `left` items, and then none until there is room again."""

    def __init__(self, left: int) -> None:
        self.left = left
        self.over = False
        self.items: list[object] = []
        self.room = ItemRoom()

    @property
    def ready(self) -> bool:
        return self.left > 0

    @property
    def ahead(self) -> int:
        return self.left

    def put(self, item: object) -> bool:
        self.items.append(item)
        self.left -= 1
        return self.left > 0

    def finish(self) -> None:
        self.over = True


@in_virtual_time
async def test_a_generator_goes_on_when_there_is_room_and_is_closed_when_nobody_reads() -> None:
    closed = []

    async def count() -> AsyncIterator[int]:
        try:
            for number in range(10):
                yield number
        finally:
            closed.append(True)

    basket = Basket(3)
    task = asyncio.ensure_future(drive(count(), basket))
    await asyncio.sleep(1)
    assert basket.items == [0, 1, 2]
    basket.left = 2
    basket.room.wake()
    await asyncio.sleep(1)
    assert basket.items == [0, 1, 2, 3, 4]
    basket.over = True
    basket.room.wake()
    assert await task is ENDED
    assert closed == [True]
    assert str(ENDED)


@in_virtual_time
async def test_the_error_of_a_generator_comes_through() -> None:
    async def count() -> AsyncIterator[int]:
        yield 1
        raise ValueError("no more")

    basket = Basket(10)
    assert is_items(count())
    assert not is_items([1])
    with pytest.raises(ValueError, match="no more"):
        await drive(count(), basket)
    assert basket.items == [1]
    nobody = NoSink()
    assert nobody.over
    assert not nobody.put(1)
    nobody.finish()
