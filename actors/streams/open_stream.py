"""What `open(…)` returns: items go to a handler, its answer comes back, and items may come as well."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from math import inf
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from ..base import DeadlineExceeded, SendError
from ..sends import AskFuture, DeadlineWheel, Wait
from .buffer import ItemBuffer, no_place
from .reader import Begun, ItemReader, entered
from .sink import ItemSink

__all__ = ["OpenStream"]

R = TypeVar("R")
T = TypeVar("T")


class SendWait(asyncio.Future[None]):
    """What a sender awaits whose reader has no room: it waits for the handler that reads."""

    def __init__(self, ask: AskFuture[Any], buffer: ItemBuffer, idle: float, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop=loop)
        self._ask = ask
        self._buffer = buffer
        self._idle = idle

    @property
    def wait(self) -> Wait:
        """See `deadlock.Wait`: the ask."""
        return self._ask

    def expire(self) -> None:
        """The reader took nothing within the time that one item may take."""
        if self._buffer.held:
            self.give_up(no_place(self._ask.message))
            return
        text = f"the reader of {type(self._ask.message).__name__} took no item within {self._idle:g} s"
        self.give_up(DeadlineExceeded(text, phase="credit"))

    def give_up(self, error: SendError) -> None:
        """It is over, because of `error`."""
        if not self.done():
            self.set_exception(error)


class LateAsk:
    """An ask that is made later. After `enter` these are there: the ask, and what takes the items that go with it."""

    future: AskFuture[Any]
    sink: ItemSink

    async def enter(self) -> None:
        """Wait until it was made, and for its room. Any number of times. Raises why it was not."""
        raise NotImplementedError


class OpenStream(Generic[R]):
    """A conversation with one handler: `async with node.open(to, Upload("a")) as s: await s.send(chunk)`.

    Leaving the block ends the items and waits for the answer; leaving it by an error, or letting go of this, cancels
    the handler. `async for` reads what a handler yields that is a generator.

    ```python
    async with node.open(LOCAL / Blocks, Upload("a")) as upload:
        await upload.send(b"some")
        await upload.send(b" bytes")
    assert await upload.result() == 10
    ```
    """

    __slots__ = ("_ask", "_begun", "_idle", "_items", "_loop", "_read", "_sink", "_wheel")

    def __init__(
        self,
        ask: AskFuture[Any],
        buffer: ItemBuffer,
        sink: ItemSink,
        begun: Begun | None,
        wheel: DeadlineWheel,
        loop: asyncio.AbstractEventLoop,
        idle: float,
    ) -> None:
        self._ask = ask
        self._items: ItemReader[Any] = ItemReader(buffer)
        self._sink = sink
        self._begun = begun
        self._wheel = wheel
        self._loop = loop
        self._idle = idle
        #: Somebody reads what comes.
        self._read = False

    async def send(self, item: object) -> None:
        """Send one item; it waits while the handler has a window of them that it has not taken.

        Raises SendError where the handler takes no more (`result()` has its answer), or what ended the ask;
        DeadlineExceeded("credit") after `idle` seconds without room.
        """
        await self._enter()
        sink = self._sink
        while not (sink.ready or sink.over):
            waiter = SendWait(self._ask, self._items._buffer, self._idle, self._loop)
            slot = None if self._idle == inf else self._wheel.add(waiter, self._loop.time() + self._idle)
            try:
                await sink.room.wait(waiter)
            finally:
                if slot is not None:
                    slot.pop(waiter, None)
                del waiter
        if sink.over:
            self._raise_over()
        if not sink.put(item) and sink.ready:
            await asyncio.sleep(0)

    def _raise_over(self) -> None:
        ask = self._ask
        if ask.done() and not ask.cancelled():
            error = ask.exception()
            if error is not None:
                try:
                    raise error
                finally:
                    del error, self
        gone = SendError("the handler takes no more items: result() has its answer", message=ask.message)
        gone.reason = "stream_ended"
        raise gone

    async def _enter(self) -> None:
        begun = self._begun
        if isinstance(begun, LateAsk):  # whoever comes meanwhile waits for it too
            await entered(begun)
            self._ask, self._sink, self._begun = begun.future, begun.sink, None
        elif begun is not None:
            self._begun = None
            await entered(begun)

    async def end(self) -> None:
        """There are no more items: the handler's loop over them ends. Idempotent."""
        await self._enter()
        self._sink.finish()

    async def result(self) -> R:
        """End the items, and wait for what the handler returns. Raises as an ask does."""
        try:
            await self.end()
            answer: R = await self._ask
            return answer
        finally:
            del self

    def __aiter__(self) -> Self:
        self._read = True
        return self

    def __anext__(self) -> Coroutine[Any, Any, Any]:
        self._read = True
        return self._items.__anext__() if self._begun is None else self._first()

    async def _first(self) -> Any:
        await self._enter()
        return await anext(self._items)

    async def aclose(self) -> None:
        """Cancel the handler, unless it has answered. Idempotent."""
        if not self._ask.done():
            self._ask.cancel()
        await self._items.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if kind is None and not self._read and not (self._ask.done() and self._ask._exception is None):
                await self.result()
        finally:
            await self.aclose()

    def __del__(self) -> None:
        ask: AskFuture[Any] | None = getattr(self, "_ask", None)
        if ask is not None and not ask.done() and not self._loop.is_closed():
            ask.cancel()
