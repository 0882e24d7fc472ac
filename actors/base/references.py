"""References that keep nothing alive, where the object takes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar
from weakref import ref

__all__ = ["Held", "Reference", "reference"]

T = TypeVar("T")


class Held(Generic[T]):
    """In place of a weak reference to an object of the compiled core, which takes none: kept until discarded."""

    __slots__ = ("_to",)

    def __init__(self, to: T) -> None:
        self._to = to

    def __call__(self) -> T | None:
        return self._to

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Held) and other._to is self._to

    def __hash__(self) -> int:
        return id(self._to)


Reference = ref[T] | Held[T]


def reference(to: T, gone: Callable[[Any], object] | None = None) -> Reference[T]:
    """A reference that equals others to the same object. `gone`: called with it when the object is no more."""
    return ref(to, gone) if type(to).__weakrefoffset__ else Held(to)
