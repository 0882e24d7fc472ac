"""An answer that comes in items, as its reader has it: `Request[Stream[Block]]` names one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, Generic, Self, TypeVar, get_args, get_origin

from .request import UNNAMED

__all__ = ["Stream", "item_of", "travels_as"]

T_co = TypeVar("T_co", covariant=True)


class Stream(Generic[T_co]):
    """What `stream(…)` returns: `async for block in node.stream(to, GetRange(1, 1_000))`.

    Leaving the loop ends the stream, and the generator at the other side. Read by hand, with `await anext(stream)`, it
    ends with `aclose()`, as `async with` does, or when nobody holds it any more. It is read once, by one reader.

    ```python
    async for block in node.stream(Role("archive") / Blocks, GetRange(1, 3)):
        print(block.height)
    ```
    """

    __slots__ = ()

    @property
    def received(self) -> int:
        """Items that have come, those that are not taken yet too."""
        raise NotImplementedError

    def __iter__(self) -> Iterator[T_co]:
        """On another thread than the event loop's, where code may block: `for block in stream`."""
        raise NotImplementedError

    def __aiter__(self) -> AsyncIterator[T_co]:
        raise NotImplementedError

    async def __anext__(self) -> T_co:
        raise NotImplementedError

    async def aclose(self) -> None:
        """Take no more, and end the generator at the other side. Idempotent."""
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def item_of(kind: Any) -> Any:
    """The type of the items, where `kind` is a stream of them; None where it is none, Any where it does not say."""
    if kind is Stream:
        return Any
    return get_args(kind)[0] if get_origin(kind) is Stream else None


def travels_as(named: Any) -> Any:
    """What travels as the answer that a message names: of a stream its items, one by one. UNNAMED where nobody says."""
    item = item_of(named)
    return named if item is None else UNNAMED if item is Any else item
