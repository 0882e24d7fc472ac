"""What marks a message as a fact of this node."""

from __future__ import annotations

__all__ = ["Fact"]


class Fact:
    """A fact that is told on its own node only: a channel may declare it, and it does not travel."""

    __slots__ = ()
