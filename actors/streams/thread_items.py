"""The items of a generator that runs on an actor's thread: made there between two messages, sent from the loop.

Law: some are made in one go, as many as there is room for, and no longer than TURN. The next ones are asked for when
these are sent. So the generator runs ahead by what one go makes, beyond the window of its reader.

Task: one for each generator (waits for: the thread, and for room; feeds: its reader).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import Context, copy_context
from functools import partial
from time import monotonic
from typing import Any, Protocol

from ..base import ActorStopped, new_task
from ..engine import CrossReply
from ..mailbox import NEVER, Envelope, ReplyTo
from .sink import ENDED, ItemSink, NoSink, drive, is_items

__all__ = ["ThreadItems", "ThreadStreamReply"]

#: Items that are made in one go, at most, and seconds after which no further one is begun.
GO, TURN = 64, 0.005


class ItemThread(Protocol):
    """The cell whose thread makes them: see `ThreadCell`."""

    def post(self, action: Callable[[], object]) -> None:
        """Call that between two messages."""

    def run_awaitable(self, awaitable: Awaitable[object], context: Context) -> object:
        """Run that to its end, on the thread."""

    def begin_making(self, making: ThreadItems) -> bool:
        """It makes items from now on, until `end_making`. From any thread; False where the actor has ended."""

    def end_making(self, making: ThreadItems) -> None:
        """It does not any more."""

    def failed(self, envelope: Envelope, error: BaseException) -> object:
        """A handler raised. On the thread."""


class ThreadStreamReply:
    """As `CrossReply`, of an ask that may be answered in items: `future` is what its asker has."""

    __slots__ = ("_cell", "_cross", "_loop", "future", "message")

    def __init__(self, reply: Any, loop: asyncio.AbstractEventLoop, cell: ItemThread, message: object) -> None:
        self.future = reply
        self.message = message
        self._cross = CrossReply(reply, loop)
        self._loop = loop
        self._cell = cell

    def done(self) -> bool:
        """Nobody waits any more."""
        return self._cross.done()

    def succeed(self, value: object) -> None:
        """The handler answered."""
        if is_items(value):
            value = ThreadItems(self._cell, value, self, self._loop)
        self._cross.succeed(value)

    def raised(self, error: BaseException) -> None:
        """The handler raised."""
        self._cross.raised(error)

    def fail(self, error: BaseException) -> None:
        """The ask ended before a handler could answer it."""
        self._cross.fail(error)


class ThreadItems:
    """See the module. An async iterator on the loop of the bus; made on the thread."""

    def __init__(self, cell: ItemThread, items: Any, reply: ThreadStreamReply, loop: asyncio.AbstractEventLoop) -> None:
        self._cell = cell
        self._items: AsyncIterator[Any] | None = items
        self._reply = reply
        self._loop = loop
        self._context = copy_context()
        #: What was made and is not sent, and how it ended.
        self._made: deque[Any] = deque()
        self._ended = False
        self._error: BaseException | None = None
        #: What the task waits in until the thread has made some.
        self._waiter: asyncio.Future[None] | None = None
        self._sink: ItemSink = NoSink()
        #: Where the answer goes, while it is sent.
        self._to: ReplyTo | None = None
        self._task: asyncio.Task[None] | None = None

    # On the loop.

    def begin(self, reply: ReplyTo, sink: ItemSink) -> None:
        """Send them."""
        if not self._cell.begin_making(self):
            reply.fail(ActorStopped(f"{self._cell} has stopped"))
            return
        self._sink, self._to = sink, reply
        name = f"peerbus {self._cell} {type(self._reply.message).__name__}"
        self._task = new_task(self._send(reply, sink), loop=self._loop, name=name)

    async def _send(self, reply: ReplyTo, sink: ItemSink) -> None:
        cell = self._cell
        try:
            await drive(self, sink)
        except asyncio.CancelledError:
            raise
        except ActorStopped as error:
            reply.fail(error)
        except BaseException as error:  # noqa: BLE001  # whatever a handler raises is the supervisor's business
            cell.post(partial(cell.failed, Envelope(self._reply.message, None, self._reply, NEVER), error))
        else:
            reply.succeed(ENDED)
        finally:
            self._to = None
            cell.end_making(self)
            del reply, sink, cell, self  # an error keeps this frame, see outcome

    def __aiter__(self) -> ThreadItems:
        return self

    async def __anext__(self) -> Any:
        while not self._made:
            if self._error is not None:
                error, self._error, self._ended = self._error, None, True
                try:
                    raise error
                finally:
                    del error, self
            if self._ended:
                raise StopAsyncIteration
            self._waiter = waiter = self._loop.create_future()
            self._cell.post(partial(self._make, max(1, min(GO, self._sink.ahead))))
            try:
                await waiter
            finally:
                self._waiter = None
        return self._made.popleft()

    async def aclose(self) -> None:
        """Nobody wants more: have the generator closed."""
        self._ended = True
        self._made.clear()
        self._cell.post(self._close)

    def interrupt(self, error: ActorStopped) -> None:
        """The actor stops, or is made anew: no more come. From any thread."""
        with contextlib.suppress(RuntimeError):  # the loop has closed
            self._loop.call_soon_threadsafe(self._break_off, error)

    def _break_off(self, error: ActorStopped) -> None:
        """Send no more, also of what was made; whoever has no room for it now is not waited for."""
        to = self._to
        self._made.clear()
        self._take([], True, error)
        if to is not None:
            to.fail(error)

    def _take(self, made: list[Any], ended: bool, error: BaseException | None) -> None:
        if self._ended or self._error is not None:
            return
        self._made.extend(made)
        self._ended, self._error = ended and error is None, error
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # On the thread.

    def _make(self, count: int) -> None:
        made: list[Any] = []
        ended, error = True, None
        try:
            if self._items is not None:
                ended = bool(self._cell.run_awaitable(_some(self._items, made, count), self._context))
        except BaseException as raised:  # noqa: BLE001  # its reader hears of it, and the supervisor
            error = raised
        with contextlib.suppress(RuntimeError):  # the loop has closed
            self._loop.call_soon_threadsafe(self._take, made, ended, error)
        del error

    def _close(self) -> None:
        items, self._items = self._items, None
        close = getattr(items, "aclose", None)
        if close is not None:
            self._cell.run_awaitable(close(), self._context)


async def _some(items: AsyncIterator[Any], made: list[Any], count: int) -> bool:
    """Make `count` items, or fewer where that takes long; True: there are no more."""
    end = monotonic() + TURN
    async for item in items:
        made.append(item)
        if len(made) == count or monotonic() >= end:
            return False
    return True
