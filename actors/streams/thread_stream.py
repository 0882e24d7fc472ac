"""A stream in the hands of a reader on another thread than the event loop's: it comes in batches, as it came.

Law: what was taken of one batch is said when the next one is asked for. So a reader that stops holds a batch and a
window, and each batch costs one way to the loop and back, not each item.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from math import inf
from typing import Any, TypeVar, cast

from ..base import PeerbusError, new_task
from ..messages import Stream
from ..sends import Bridged, LoopHost, Outcome, ReplyFuture
from .buffer import ItemBuffer
from .reader import ItemReader

__all__ = ["ThreadStream"]

T = TypeVar("T")


class ThreadStream(Stream[T]):
    """As `Stream`: `for item in stream` in code that blocks, `async for` on an event loop of that thread.

    `begin` asks, on the loop of the bus, and returns what is read there.
    """

    def __init__(self, bus: LoopHost, message: object, begin: Callable[[], ItemReader[T]]) -> None:
        self._bus = bus
        self._message = message
        self._far = FarReader(bus, begin)
        #: What is left of the batch at hand.
        self._items: Iterator[T] = iter(())
        self._ended = False
        start = self._far.start if bus.tracer is None else bus.tracer.carried(self._far.start)
        bus.thread_sends.put(bus, start)

    @property
    def received(self) -> int:
        """As `Stream.received`."""
        buffer = self._far.buffer
        return 0 if buffer is None else buffer.window.received

    def _batch(self) -> ReplyFuture[list[T]]:
        return Bridged(self._bus, self._message, inf, self._far.batch).future

    def _came(self, batch: list[T]) -> bool:
        self._items = iter(batch)
        self._ended = not batch
        return bool(batch)

    def _next(self) -> Iterator[T]:
        try:
            while not self._ended:
                yield from self._items
                if not self._came(self._batch().get()):
                    return
        finally:
            self.close()

    def __iter__(self) -> Iterator[T]:
        return self._next()

    async def _next_soon(self) -> T:
        while not self._ended:
            for item in self._items:
                return item
            self._came(await self._batch())
        raise StopAsyncIteration

    def __aiter__(self) -> AsyncIterator[T]:
        return ThreadStreamLoop(self)

    async def __anext__(self) -> T:
        try:
            return await self._next_soon()
        except BaseException:
            self.close()
            raise
        finally:
            del self  # an error keeps this frame, see outcome

    def close(self) -> None:
        """Take no more. From any thread."""
        self._ended = True
        far, self._items = self._far, iter(())
        self._bus.thread_sends.put(self._bus, far.close)

    async def aclose(self) -> None:
        """As `Stream.aclose`."""
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_far", None) is not None and not self._ended:
            self.close()

    def __repr__(self) -> str:
        state = "ended" if self._ended else "open"
        return f"<stream of {type(self._message).__name__} on another thread, {state}, {self.received} items came>"


class ThreadStreamLoop(AsyncIterator[T]):
    """One `async for`: leaving it ends the stream."""

    __slots__ = ("_stream",)

    def __init__(self, stream: ThreadStream[T]) -> None:
        self._stream = stream

    async def __anext__(self) -> T:
        return await self._stream.__anext__()

    def __del__(self) -> None:
        if not self._stream._ended:
            self._stream.close()


class FarReader:
    """What is read, on the loop of the bus. `reader`: None before it has begun, and once nobody reads any more."""

    __slots__ = ("_begin", "_bus", "_closed", "_refusal", "buffer", "reader")

    def __init__(self, bus: LoopHost, begin: Callable[[], ItemReader[Any]]) -> None:
        self._bus = bus
        self._begin: Callable[[], ItemReader[Any]] | None = begin
        self._closed = False
        self._refusal: BaseException | None = None
        self.reader: ItemReader[Any] | None = None
        #: What it reads from; None before it has begun.
        self.buffer: ItemBuffer | None = None

    def start(self) -> None:
        """Ask."""
        begin, self._begin = self._begin, None
        if begin is None or self._closed:
            return
        try:
            self.reader = begin()
            self.buffer = self.reader._buffer
        except PeerbusError as error:  # for its reader
            self._refusal = error

    def batch(self, _left: float) -> Outcome[list[Any]]:
        """The next batch; an empty one at the end."""
        task: object = new_task(self._read(), loop=self._bus.loop, name="peerbus stream of another thread")
        return cast("Outcome[list[Any]]", task)  # it is followed as a future of the loop, and nothing else

    async def _read(self) -> list[Any]:
        refusal, self._refusal = self._refusal, None
        try:
            if refusal is not None:
                raise refusal
            return [] if self.reader is None else await self.reader.batch()
        finally:
            del refusal, self

    def close(self) -> None:
        """Nobody reads any more."""
        self._closed = True
        reader, self.reader = self.reader, None
        if reader is not None and self.buffer is not None:
            self.buffer.close()
