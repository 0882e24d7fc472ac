"""The methods that a channel may name, each imported when the first context of it is made."""

from __future__ import annotations

import importlib
from functools import cache
from typing import Protocol

from ...actors.messages import COMPRESSIONS

__all__ = ["Method", "Shrinking", "Unfolding", "method_of"]


class Shrinking(Protocol):
    """A context that compresses: one stream, of which each piece can be read once it is there."""

    def shrink(self, data: bytes) -> bytes:
        """The next piece, flushed: nothing of it stays behind."""


class Unfolding(Protocol):
    """The other end of it."""

    def unfold(self, data: bytes | memoryview, size: int) -> bytes:
        """What a piece stands for, which must be `size` bytes, 1 or more: never more than one beyond is made.

        Raises ValueError for anything else, and for a stream that ends or wants a larger window than `Method` says.
        """


class Method(Protocol):
    """One of them. `shrinking_bytes`, `unfolding_bytes`: memory of a context."""

    name: str
    shrinking_bytes: int
    unfolding_bytes: int

    def shrinking(self) -> Shrinking:
        """A new context."""

    def unfolding(self) -> Unfolding:
        """A new one for the other end."""


@cache
def method_of(name: str | None) -> Method | None:
    """The method of that name; None where there is none, as in a word of a later version."""
    if name not in COMPRESSIONS:
        return None
    found: Method = importlib.import_module(f".{name}_method", __package__).METHOD
    return found
