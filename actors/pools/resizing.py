"""What a pool is told of its size."""

from __future__ import annotations

from ..messages import Message

__all__ = ["ResizePool"]


class ResizePool(Message):
    """Sent to a pool: have so many `members` from now on. Answered with its `PoolView`; fails where it cannot be."""

    members: int
