"""How far a stream may go that is handed on between two other processes: what its reader grants, within a bound.

Law 1: what the reader has granted is passed on to whoever sends, and no more of it is under way or waits to be written
       here than RELAYED: a reader that grants much and takes nothing costs that much memory, and one item.
Law 2: whoever has nothing left is granted something as soon as there is something to grant. So nobody waits for ever.
"""

from __future__ import annotations

from ...actors.base import ProtocolError
from ...actors.streams import ItemCredit

__all__ = ["RELAYED_BYTES", "RELAYED_ITEMS", "RelayWindow"]

#: Bytes of a stream's items that this process holds, or has granted: some of the largest frames of small items.
RELAYED_BYTES = 256 * 1024
#: Items of them: as many as a reader grants by default, four times.
RELAYED_ITEMS = 4096


class RelayWindow:
    """What comes on one side. `items`, `size`: what was granted at the start."""

    __slots__ = ("bytes", "items", "received")

    def __init__(self, items: int = 0, size: int = 0) -> None:
        #: What was granted, and has not come.
        self.items, self.bytes = items, size
        #: Items that came.
        self.received = 0

    def grant(self, items: int, size: int) -> None:
        """That much more may come."""
        self.items += items
        self.bytes += size

    def receive(self, items: int, size: int, last: int) -> None:
        """Count `items` of `size` bytes that came; the last has `last`. Raises ProtocolError without credit."""
        self.items -= items
        self.bytes -= size
        if self.items < 0 or self.bytes + last <= 0:
            raise ProtocolError("window_overrun", f"{items} items, {size} bytes on a stream without credit for them")
        self.received += items

    def ended(self, sent: int) -> None:
        """The sender says that it has `sent` that many. Raises ProtocolError where not as many came."""
        if sent != self.received:
            raise ProtocolError("stream_gap", f"a stream ended after {sent} items, of which {self.received} came")

    def due(self, credit: ItemCredit, pending: int) -> tuple[int, int] | None:
        """What is to be granted now, and is from then on; None while that is little.

        `credit`: what the reader has granted and was not sent to it; `pending`: bytes that wait to be written to it.
        """
        items = max(0, min(credit.items, RELAYED_ITEMS) - self.items)
        size = max(0, min(credit.bytes, RELAYED_BYTES - pending) - self.bytes)
        if self.bytes + size <= 0:
            size = 0  # it would not do for the next item: more of the last one waits to be written, or to be taken
        some = (items > 0 and self.items <= 0) or (size > 0 and self.bytes <= 0)
        if not some and items < RELAYED_ITEMS // 4 and size < RELAYED_BYTES // 4:
            return None
        self.grant(items, size)
        return items, size
