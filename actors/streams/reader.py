"""A stream in the hands of its reader: an iterator that ends the work at the other side where nobody reads on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine
from typing import Any, Protocol, Self, TypeVar

from ..messages import Stream
from .buffer import ItemBuffer

__all__ = ["Begun", "ItemReader"]

T = TypeVar("T")


class Begun(Protocol):
    """An ask that waits for room, or credit, before it is made."""

    async def enter(self) -> None:
        """Wait for that. Raises why there was none."""


class ItemReader(Stream[T]):
    """As `Stream`. Apart from its buffer, which those know who feed it: nobody holds this one but its reader."""

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
        return self._buffer.take(self) if self._begun is None else self._begin()

    async def _begin(self) -> T:
        begun, self._begun = self._begun, None
        try:
            if begun is not None:
                await begun.enter()
        except BaseException:
            self._buffer.close()
            raise
        finally:
            del begun
        item: T = await self._buffer.take(self)
        return item

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


class StreamLoop(AsyncIterator[T]):
    """One `async for`: leaving it ends the stream."""

    __slots__ = ("_reader",)

    def __init__(self, reader: ItemReader[T]) -> None:
        self._reader = reader

    def __aiter__(self) -> Self:
        return self

    def __anext__(self) -> Coroutine[Any, Any, T]:
        return self._reader.__anext__()

    def __del__(self) -> None:
        self._reader._buffer.close()
