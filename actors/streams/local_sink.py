"""The sending end of a stream that stays in the process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from ..base import SendError
from ..mailbox import ItemCounts
from ..messages import misfit
from ..sends import AskFuture, Wait
from .buffer import ItemBuffer
from .credit import ItemCredit
from .sink import ItemRoom

__all__ = ["LOCAL_ITEMS", "LocalSink"]

#: Items that wait for a reader in the same process: they are objects of any size, which nobody counts.
LOCAL_ITEMS = 64
#: Items that are sent in one go before others have their turn.
IN_A_TURN = 32


class ReaderLeft(Protocol):
    """Hears that nobody reads any more."""

    def reader_left(self) -> None:
        """So it is."""


class LocalSink:
    """As `ItemSink`. Also the `ItemSource` of its reader, as what that takes comes back here."""

    __slots__ = ("_buffer", "_counts", "_credit", "_kind", "_left", "_misfit", "_open", "_untold", "owner", "room")

    def __init__(self, owner: ReaderLeft | None, buffer: ItemBuffer, counts: ItemCounts, kind: Any) -> None:
        #: The ask that it answers; None when that is over, and of items that go with one.
        self.owner = owner
        self._open = 1
        self._buffer = buffer
        self._counts = counts
        #: Of which type the items are to be; None: nobody says.
        self._kind = kind
        self._misfit: Callable[[object, Any, object], Exception | None] = misfit
        self._credit = ItemCredit()
        self._credit.grant(*buffer.window.whole)
        #: Items that were sent, and of which it is not known what became.
        self._untold = 0
        self._left = IN_A_TURN
        self.room = ItemRoom(counts)
        buffer.source = self
        counts.open += 1

    @property
    def ready(self) -> bool:
        """As `ItemSink.ready`."""
        return self._credit.ready

    @property
    def ahead(self) -> int:
        """As `ItemSink.ahead`."""
        return self._credit.items

    @property
    def over(self) -> bool:
        """As `ItemSink.over`."""
        return self._buffer.ended

    @property
    def held(self) -> bool:
        """As `ItemBuffer.held`."""
        return self._buffer.held

    def turned(self) -> None:
        """As `ItemBuffer.turned`."""
        self._buffer.turned()

    def put(self, item: object) -> bool:
        """As `ItemSink.put`."""
        kind, buffer = self._kind, self._buffer
        if buffer.ended:
            return False
        error = None if kind is None or item.__class__ is kind else self._misfit(buffer.of, kind, item)
        if error is not None:
            buffer.fail(error)
            return False
        self._credit.take(0)
        self._counts.sent += 1
        self._untold += 1
        buffer.window.receive(1, 0, 0)
        buffer.feed([item], 0)
        self._left -= 1
        if self._left:
            return self._credit.items > 0
        self._left = IN_A_TURN
        return False

    def expect(self, kind: Any, misfit: Callable[[object, Any, object], SendError | None]) -> None:
        """Items are to be of that type, those too that are not read yet; `misfit` says what is wrong with another."""
        self._kind, self._misfit = kind, misfit
        buffer = self._buffer
        for place, item in enumerate(buffer.unread()):
            error = None if item.__class__ is kind else misfit(buffer.of, kind, item)
            if error is not None:
                lost = buffer.cut(place, error)
                self._counts.lost(lost, error.reason)
                self._untold -= lost
                self.stop()
                return

    def finish(self) -> None:
        """As `ItemSink.finish`."""
        self._buffer.finish()
        self._over()

    def fail(self, error: BaseException) -> None:
        """There are no more, because of `error`."""
        self._buffer.fail(error)
        self._over()

    def _over(self) -> None:
        self.owner = None
        self._counts.open -= self._open
        self._open = 0

    # As the source of what is read.

    def grant(self, items: int, size: int) -> None:
        """As `ItemSource.grant`."""
        self._credit.grant(items, size)
        self._counts.delivered += items
        self._untold -= items
        self.room.wake()

    def settle(self, untaken: int) -> None:
        """As `ItemSource.settle`."""
        self._counts.lost(untaken, "cancelled")
        self._counts.delivered += self._untold - untaken
        self._untold = 0

    def stop(self) -> None:
        """As `ItemSource.stop`."""
        self.room.wake()
        owner = self.owner
        self._over()
        if owner is not None:
            owner.reader_left()

    def waits_for(self) -> Wait | None:
        """As `ItemSource.waits_for`."""
        owner: object = self.owner
        return owner if isinstance(owner, AskFuture) else None
