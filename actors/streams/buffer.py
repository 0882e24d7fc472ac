"""The reading end of a stream: items that have come and are not taken yet, and how it ended."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator
from math import inf
from operator import length_hint
from typing import Any, Protocol

from ..base import DeadlineExceeded, PeerbusError, SendError
from ..sends import DeadlineWheel, Wait
from .credit import ItemWindow

__all__ = ["ItemBuffer", "ItemSource", "ItemWait", "no_place"]


class ItemSource(Protocol):
    """Where the items come from: the ask that they answer, or the one whose items they are."""

    def grant(self, items: int, size: int) -> None:
        """`items` of `size` bytes were taken: as many more may come."""

    def stop(self) -> None:
        """Nobody wants more of them."""

    def settle(self, untaken: int) -> None:
        """What came was taken, but for `untaken` items, which nobody takes any more. Called once, at the very end."""

    def waits_for(self) -> Wait | None:
        """What the reader waits for; None where the search for circles cannot tell."""


class ItemWait(asyncio.Future[None]):
    """What a reader awaits that has taken all there is: for a look at what a task stands in."""

    def __init__(self, buffer: ItemBuffer, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop=loop)
        self._buffer: ItemBuffer | None = buffer

    @property
    def wait(self) -> Wait:
        """See `deadlock.Wait`: the ask, or itself, where nobody knows who sends."""
        source = None if self._buffer is None else self._buffer.source
        return (None if source is None else source.waits_for()) or self

    def holder(self) -> object:
        """Nobody that the search for circles could ask."""
        return self

    def over(self) -> bool:
        """It waits no longer."""
        return self.done()

    def expire(self) -> None:
        """No item came within the time that one may take."""
        if self._buffer is not None and not self.done():
            self._buffer.expired()

    def give_up(self, error: SendError) -> None:
        """None will come any more, because of `error`."""
        if self._buffer is not None and not self.done():
            self._buffer.fail(error)

    def forget(self) -> None:
        """It is not awaited any more: keep nothing that points back."""
        self._buffer = None


class ItemBuffer:
    """See the module. On the loop's thread. `idle`: seconds that one item may take, inf for no limit."""

    __slots__ = (
        "_at_hand",
        "_batches",
        "_end",
        "_ended",
        "_items",
        "_loop",
        "_placed",
        "_size",
        "_slot",
        "_waiter",
        "_wheel",
        "again",
        "closed",
        "each",
        "held",
        "idle",
        "kinds",
        "of",
        "per_byte",
        "source",
        "window",
    )

    def __init__(
        self, of: object, loop: asyncio.AbstractEventLoop, wheel: DeadlineWheel, window: ItemWindow, idle: float = inf
    ) -> None:
        #: The message that is answered, or that the items come with.
        self.of = of
        self._loop = loop
        self._wheel = wheel
        self.window = window
        self.idle = idle
        self.source: ItemSource | None = None
        #: Has another receiver asked where the first is gone; False where there is none. Set for a role.
        self.again: Callable[[SendError], bool] = _nobody_else
        #: Hears, once, what it ended with and how many items came. Set where it is traced.
        self.closed: Callable[[BaseException | None, int], object] | None = None
        #: What came, each with its size; what is left of the one that is being taken, how many that was, of what size.
        self._batches: deque[tuple[list[Any], int]] = deque()
        self._items: Iterator[Any] = iter(())
        self._at_hand = self._size = 0
        self._ended = False
        self._end: BaseException | None = None
        self._waiter: ItemWait | None = None
        self._slot: dict[Any, None] | None = None
        #: Its ask waits for a place among the streams that are open where it went; and since when it has one.
        self.held = False
        #: Types of items that came from elsewhere, and bytes of memory for each of them, and for each of their bytes.
        self.kinds: set[type] = set()
        self.each, self.per_byte = 0, 1.0
        self._placed = -inf

    @property
    def ended(self) -> bool:
        """Nothing more comes."""
        return self._ended

    @property
    def end(self) -> BaseException | None:
        """What it ended with, until its reader has that; None: its end, or nothing yet."""
        return self._end

    @property
    def untaken(self) -> int:
        """Items that came, and that nobody has taken."""
        return length_hint(self._items) + sum(len(batch) for batch, _ in self._batches)

    # What comes.

    def feed(self, items: list[Any], size: int) -> None:
        """These came, of `size` bytes together; the window knows of them."""
        if self._ended:
            return
        due = self.window.due_items
        if len(items) > due:  # credit goes back behind each batch, so none is longer than a word of it
            ends = range(due, len(items), due)
            self._batches.extend((items[end - due : end], 0) for end in ends)
            items = items[ends[-1] :]
        self._batches.append((items, size))
        self._wake()

    def unread(self) -> list[Any]:
        """What came before anybody has begun to read."""
        return [item for batch, _ in self._batches for item in batch]

    def cut(self, place: int, error: SendError) -> int:
        """It ends there, because of `error`: nobody gets what came behind. As `unread`. Returns how many these are."""
        items = self.unread()
        size = sum(size for _, size in self._batches)
        self._batches.clear()
        if place:
            self._batches.append((items[:place], size))
        error.items = place
        self.again, self._ended, self._end = _nobody_else, True, error
        return len(items) - place

    def finish(self) -> None:
        """All items have come."""
        self._over(None)

    def fail(self, error: BaseException) -> None:
        """No more will come, because of `error`, which the reader gets behind what has come."""
        if self._ended:
            return
        if isinstance(error, SendError):
            if not self.window.received and self.again(error):
                return
            error.items = self.window.received
        self._over(error)
        if self.source is not None:
            self.source.stop()

    def turned(self) -> None:
        """Its ask waits for a place from now on; or has one now, and its first item has as long as any."""
        self.held = not self.held
        self._placed = -inf if self.held else self._loop.time()

    def expired(self) -> None:
        """No item came in time."""
        until = self._placed + self.idle
        if self.held:
            self.fail(no_place(self.of))
            return
        if until > self._loop.time() and self._waiter is not None:
            self._slot = self._wheel.add(self._waiter, until)
            return
        self.fail(
            DeadlineExceeded(
                f"no item of the answer to {type(self.of).__name__} came within {self.idle:g} s", phase="idle"
            )
        )

    def close(self) -> None:
        """Nobody reads any more."""
        source, untaken = self.source, self.untaken
        wanted, self.source = not self._ended, None
        if wanted and self._waiter is not None and not self._waiter.done():  # another one reads: that was not all
            gone = SendError(f"the stream was closed after {self.window.received} items, before its end")
            gone.reason, gone.items = "cancelled", self.window.received
            self._waiter.set_exception(gone)
        self._over(None)
        if self.closed is not None:
            closed, self.closed = self.closed, None
            closed(self._end, self.window.received)
        self._end = None
        self._batches.clear()
        self._items, self._at_hand = iter(()), 0
        if source is not None:
            source.settle(untaken)
            if wanted:
                source.stop()

    def _over(self, error: BaseException | None) -> None:
        if not self._ended:
            self._ended, self._end = True, error
            self.again = _nobody_else
            self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # What is taken.

    # A batch is taken through an iterator that both ways share: what was asked for and not awaited takes nothing.

    async def take(self, reader: object) -> Any:
        """The next item, for `reader`, whom this keeps meanwhile.

        Raises StopAsyncIteration at the end, and what the stream ended with.
        """
        while True:
            for item in self._items:
                if not length_hint(self._items):
                    self._was_taken()
                return item
            if not self._goes_on():
                if self._ended:
                    self._raise()
                    raise StopAsyncIteration
                await self._wait()

    async def taken(self) -> AsyncGenerator[Any, None]:
        """All items, as they come: as `take`, at a third of the price. Raises what the stream ended with."""
        try:
            while True:
                for item in self._items:
                    yield item
                if not self._goes_on():
                    if self._ended:
                        self._raise()
                        return
                    await self._wait()
        except asyncio.CancelledError:
            self.close()
            raise

    async def batch(self, reader: object) -> list[Any]:
        """What has come together, and is not empty; an empty list at the end. Else as `take`."""
        while True:
            items = list(self._items)
            if items:
                return items
            if not self._goes_on():
                if self._ended:
                    self._raise()
                    return []
                await self._wait()

    def _goes_on(self) -> bool:
        """The batch at hand was taken: say so, and go on with the next; False: there is none."""
        if self._at_hand:
            self._was_taken()
        if not self._batches:
            return False
        batch, self._size = self._batches.popleft()
        self._at_hand = len(batch)
        self._items = iter(batch)
        return True

    def _was_taken(self) -> None:
        due = self.window.take(self._at_hand, self._size)
        self._at_hand = 0
        if due is not None and self.source is not None:
            self.source.grant(*due)

    def _raise(self) -> None:
        error = self._end
        self.close()
        try:
            if error is not None:
                raise error
        finally:
            del error, self  # the error keeps this frame, see outcome.py

    async def _wait(self) -> None:
        if self._waiter is not None:
            raise PeerbusError("a stream has one reader: another one waits for its next item")
        waiter = self._waiter = ItemWait(self, self._loop)
        self._slot = None if self.idle == inf else self._wheel.add(waiter, self._loop.time() + self.idle)
        try:
            await waiter
        finally:
            self._waiter = None
            waiter.forget()
            if self._slot is not None:
                self._slot.pop(waiter, None)


def no_place(message: object) -> DeadlineExceeded:
    """The time is over for a stream that waits for others to end, where it went."""
    name = type(message).__name__
    why = f"{name} was not begun within the deadline: as many streams were open there all the time as may be"
    return DeadlineExceeded(why, phase="streams", message=message)


def _nobody_else(_error: SendError) -> bool:
    return False
