"""Items that come with a message, as its handler reads them."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar, runtime_checkable

from ..base import MessageTypeError
from .buffer import ItemBuffer
from .reader import ItemReader

__all__ = ["Incoming", "ItemsIn"]

T = TypeVar("T")


@runtime_checkable
class Incoming(Protocol):
    """The reply of a message that items come with."""

    def incoming(self) -> ItemsIn[Any]:
        """Those. Raises MessageTypeError where none do, or somebody reads them already."""


class ItemsIn(ItemReader[T]):
    """See the module: what a handler with a parameter `AsyncIterator[Chunk]` gets."""

    __slots__ = ()

    @classmethod
    def of(cls, message: object, buffer: ItemBuffer | None) -> ItemsIn[T]:
        """Those that come with this message. Raises MessageTypeError where none do."""
        if buffer is None:
            name = type(message).__name__
            raise MessageTypeError(f"no items come with this {name}: send it with open(), not ask() or tell()")
        return cls(buffer)
