"""`Destination[M]`, for type checkers: whatever `tell` and `ask` take as one receiver of `M`."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, TypeVar

from .address import Address
from .speaks import Speaks

__all__ = ["Destination"]

M = TypeVar("M")

if TYPE_CHECKING:
    Destination: TypeAlias = Address[M] | Speaks[M]
else:  # msgspec needs a class, which both are
    from .travelling import Destination
