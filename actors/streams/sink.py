"""The sending end of a stream, and what sends: a generator here, item by item as the reader has room."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final, Protocol

from ..base import SendError
from ..mailbox import ItemCounts

__all__ = ["ENDED", "ItemSink", "NoSink", "ItemRoom", "drive", "has_room", "is_items"]


class ItemSink(Protocol):
    """What takes the items of one stream."""

    @property
    def ready(self) -> bool:
        """There is room for an item."""

    @property
    def over(self) -> bool:
        """Nobody reads any more."""

    @property
    def ahead(self) -> int:
        """Items for which there is room, as far as one can tell before they are made."""

    @property
    def room(self) -> ItemRoom:
        """Where one waits for room."""

    def put(self, item: object) -> bool:
        """Send one; only while there is room. True: there is room for the next one, and nobody else waits for a turn.

        Where nobody reads any more it is forgotten.
        """

    def finish(self) -> None:
        """There are no more."""


class ItemRoom:
    """Whoever sends waits here until there is room, or nobody reads any more. `counts`: who counts those that wait."""

    __slots__ = ("_counts", "_waiter")

    def __init__(self, counts: ItemCounts | None = None) -> None:
        self._counts = ItemCounts() if counts is None else counts
        self._waiter: asyncio.Future[None] | None = None

    @property
    def standing(self) -> bool:
        """Somebody waits."""
        return self._waiter is not None and not self._waiter.done()

    def wake(self) -> None:
        """There is, or nobody does."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def wait(self, waiter: asyncio.Future[None] | None = None) -> None:
        """Wait for that, in `waiter` where one is given."""
        self._waiter = waiter = asyncio.get_running_loop().create_future() if waiter is None else waiter
        self._counts.standing += 1
        try:
            await waiter
        finally:
            self._counts.standing -= 1
            if self._waiter is waiter:
                self._waiter = None
            del waiter, self

    def give_up(self, error: SendError) -> None:
        """There will be none, because of `error`."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(error)


class NoSink:
    """Of an ask that failed before it began: nobody reads."""

    __slots__ = ("room",)

    ready, over, ahead = False, True, 0

    def __init__(self) -> None:
        self.room = ItemRoom()

    def put(self, item: object) -> bool:
        """Nothing."""
        return False

    def finish(self) -> None:
        """Nothing."""


class ItemsEnded:
    """See `ENDED`."""

    def __repr__(self) -> str:
        return "<all items were sent>"


#: What the handler of a stream has answered when it is through.
ENDED: Final = ItemsEnded()


def is_items(value: object) -> bool:
    """What a handler returned is to be sent item by item."""
    return hasattr(value, "__anext__")


async def has_room(sink: ItemSink) -> None:
    """Let others have their turn, then wait until there is room for an item, or nobody reads any more."""
    await asyncio.sleep(0)
    while not (sink.ready or sink.over):
        await sink.room.wait()


async def drive(items: AsyncIterator[Any], sink: ItemSink) -> object:
    """Send all items, each when there is room for it. Raises what the generator does.

    Whatever ends it, the generator is closed: its `finally` runs.
    """
    put = sink.put
    try:
        async for item in items:
            if not put(item):
                await has_room(sink)
                if sink.over:
                    break
    finally:
        close = getattr(items, "aclose", None)
        if close is not None:
            await close()
        del items, sink, put, close  # an error keeps this frame, see outcome.py
    return ENDED
