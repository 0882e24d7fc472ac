"""A stream in the hands of its reader: an iterator that ends the work at the other side where nobody reads on."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import suppress
from typing import Any, Generic, Protocol, Self, TypeVar

from ..base import SendError, WouldDeadlock
from ..messages import Stream
from .buffer import ItemBuffer

__all__ = ["Begun", "ItemReader", "entered"]

T = TypeVar("T")


class Begun(Protocol):
    """An ask that waits for room, or credit, before it is made."""

    async def enter(self) -> None:
        """Wait for that. Raises why there was none; the buffer of its items has heard so by then."""


async def entered(begun: Begun) -> None:
    """Wait until the ask of a stream was made. Raises why it was not: no item had come by then."""
    try:
        await begun.enter()
    except SendError as error:
        error.items = 0
        raise
    finally:
        del begun


class ItemReader(Stream[T]):
    """As `Stream`. Its buffer is an object apart, as whatever feeds that knows it: only its reader holds this one."""

    __slots__ = ("_begun", "_buffer")

    def __init__(self, buffer: ItemBuffer, begun: Begun | None = None) -> None:
        self._buffer = buffer
        self._begun = begun

    @property
    def received(self) -> int:
        """As `Stream.received`."""
        return self._buffer.window.received

    def __aiter__(self) -> AsyncIterator[T]:
        return StreamLoop(self)

    def __anext__(self) -> Coroutine[Any, Any, T]:
        return self._buffer.take(self) if self._begun is None else self._first()

    async def _first(self) -> T:
        await self._enter()
        item: T = await self._buffer.take(self)
        return item

    async def _enter(self) -> None:
        begun, self._begun = self._begun, None
        try:
            if begun is not None:
                await begun.enter()
        except SendError:
            pass  # the buffer has it, or another one was asked
        except BaseException:
            self._buffer.close()
            raise
        finally:
            del begun

    async def _each(self) -> AsyncGenerator[T, None]:
        await self._enter()
        async for item in self._buffer.taken():
            yield item

    async def batch(self) -> list[T]:
        """What has come together and was not taken yet; an empty list at the end. Raises as `anext`."""
        await self._enter()
        return await self._buffer.batch(self)

    def __iter__(self) -> Iterator[T]:
        raise WouldDeadlock("the items come through this very event loop: read them by `async for`")

    async def aclose(self) -> None:
        """As `Stream.aclose`."""
        self._buffer.close()

    def __del__(self) -> None:
        buffer: ItemBuffer | None = getattr(self, "_buffer", None)
        if buffer is not None:
            buffer.close()

    def __repr__(self) -> str:
        state = "ended" if self._buffer.ended else "open"
        return f"<stream of {type(self._buffer.of).__name__}, {state}, {self.received} items came>"


class StreamLoop(Generic[T]):
    """One `async for`: leaving it ends the stream.

    Its `__anext__` is the generator's own, so that no code of ours runs for an item that is there.
    """

    __slots__ = ("__anext__", "_items", "_reader")

    __anext__: Callable[[], Awaitable[T]]

    def __init__(self, reader: ItemReader[T]) -> None:
        self._reader = reader
        self._items: AsyncGenerator[T, None] = reader._buffer.taken() if reader._begun is None else reader._each()
        self.__anext__ = self._items.__anext__

    def __aiter__(self) -> Self:
        return self

    def __del__(self) -> None:
        if (
            getattr(self._items, "ag_frame", None) is None
        ):  # it has come to its end; or another one reads, and this one was told so
            return
        self._reader._buffer.close()
        # Else the event loop would be told to close the generator, by a task. There is nothing that it could await.
        with suppress(StopIteration, RuntimeError):
            self._items.aclose().send(None)
