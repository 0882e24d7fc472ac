"""Items that another process of this node has sent, in the books of the node: what was read of them, and what was not.

Between nodes whoever sends them counts them. A node is one, whichever of its processes sends. And what they travel in,
where another process sends and reads them for this one.
"""

from __future__ import annotations

from typing import Any, Protocol

from ...actors.mailbox import ItemCounts

__all__ = ["ArrivedItems", "Wrapping"]


class Wrapping(Protocol):
    """What items travel in that another process of this node sends and reads for this one."""

    def wrap(self, item: object) -> object:
        """One that goes there. Raises SendError."""

    def unwrap(self, items: list[Any]) -> list[Any]:
        """Those that came, but for the last of all, which may say how it ended. Raises SendError."""

    def end(self) -> tuple[bool, object]:
        """All have come: was the last one a word of the end? An error that it ended with, or the answer."""


class ArrivedItems:
    """Those of one stream. On the loop's thread."""

    __slots__ = ("_counts", "_open", "_untold")

    def __init__(self, counts: ItemCounts) -> None:
        self._counts = counts
        self._open = 0
        #: Items that came, and of which it is not known what became.
        self._untold = 0

    def came(self, items: int) -> None:
        """`items` have come."""
        if not self._open:
            self._open = 1
            self._counts.open += 1
        self._counts.sent += items
        self._untold += items

    def taken(self, items: int) -> None:
        """`items` were read."""
        items = min(items, self._untold)
        self._counts.delivered += items
        self._untold -= items

    def settle(self, untaken: int) -> None:
        """All was read but for `untaken` items, which nobody reads any more."""
        untaken = min(untaken, self._untold)
        self._counts.lost(untaken, "cancelled")
        self._counts.delivered += self._untold - untaken
        self._untold = 0
        self._counts.open -= self._open
        self._open = 0
