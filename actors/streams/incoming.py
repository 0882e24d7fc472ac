"""Items that come with a message, as its handler reads them."""

from __future__ import annotations

from typing import Any, Final, Protocol, TypeVar, runtime_checkable

from ..base import MessageTypeError
from .buffer import ItemBuffer
from .reader import ItemReader

__all__ = ["PASSED_ON", "Incoming", "ItemsIn"]

T = TypeVar("T")


class PassedOn:
    """See `PASSED_ON`."""


#: What items are to be that another process reads: they are passed on as they are.
PASSED_ON: Final = PassedOn()


@runtime_checkable
class Incoming(Protocol):
    """The reply of a message that items come with."""

    def incoming(self, kind: Any = None) -> ItemsIn[Any]:
        """Those, each of which is to be a `kind`; None: nobody says; PASSED_ON: they are not for this process.

        Raises MessageTypeError where none do, or somebody reads them already.
        """


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
