"""A property that is got once, as an attribute: of what is not to cost a call on the way of every send."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Self, TypeVar, overload

__all__ = ["Delegated"]

T = TypeVar("T")


class Delegated(cached_property[T]):
    """A cached property that a subclass may override: by `super()` it is got, and not kept in the override's way."""

    @overload
    def __get__(self, instance: None, owner: type[Any] | None = None) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type[Any] | None = None) -> T: ...
    def __get__(self, instance: object, owner: type[Any] | None = None) -> Self | T:
        if instance is None or getattr(type(instance), self.func.__name__) is self:
            return super().__get__(instance, owner)
        return self.func(instance)
