"""What an actor or its ref takes, as type checkers see it."""

from __future__ import annotations

from typing import Protocol, TypeVar

from .channel import Channel

__all__ = ["Speaks", "Takes"]

M_contra = TypeVar("M_contra", contravariant=True)


class Takes(Protocol[M_contra]):
    """An actor as type checkers see it: with a channel it takes that channel's messages, else any."""

    def __takes__(self) -> Channel[M_contra]:
        """Never called."""


class Speaks(Protocol[M_contra]):
    """A ref of an actor that takes `M`, for type checkers."""

    def __actor__(self) -> Takes[M_contra]:
        """Never called."""
