"""Credit of a stream: items and bytes that its sending end may still send, and what its reading end owes it.

Sans-IO, and the same for a stream inside a node and one to a peer. A window counts items and their encoded bytes; items
that stay in the process have none.
"""

from __future__ import annotations

from ..base import ProtocolError

__all__ = ["MAX_WINDOW", "WINDOW_BYTES", "WINDOW_ITEMS", "ItemCredit", "ItemWindow"]

# Law 1: an item may go while there is credit for one item and for one byte. So the last one may be larger than what is
#        left, an item of any size gets through, and a reader holds its window and one item at most.
# Law 2: credit comes back when the reader *takes* an item, in words of a quarter of the window. So nobody waits for
#        ever, as a sender without credit has all of it outstanding.
# Law 3: both ends count from 0, and the end of a stream says how many went before it: no gap, no repeat.

#: Items that a reader lets come before it takes the first: of small ones what comes while a word of credit travels.
WINDOW_ITEMS = 1024
#: Bytes of them, as much as a channel's window.
WINDOW_BYTES = 1 << 20
#: What may be outstanding at all, of both.
MAX_WINDOW = 2**31 - 1


class ItemCredit:
    """The sending end."""

    __slots__ = ("bytes", "items", "sent")

    def __init__(self) -> None:
        self.items = self.bytes = 0
        #: Items that went.
        self.sent = 0

    @property
    def ready(self) -> bool:
        """An item may go."""
        return self.items > 0 and self.bytes > 0

    def take(self, size: int) -> None:
        """One of `size` bytes goes."""
        self.items -= 1
        self.bytes -= size
        self.sent += 1

    def grant(self, items: int, size: int) -> None:
        """The reader has taken `items` of `size` bytes. Raises ProtocolError beyond what any window holds."""
        self.items += items
        self.bytes += size
        if self.items > MAX_WINDOW or self.bytes > MAX_WINDOW:
            raise ProtocolError("credit_overflow", f"{self.items} items, {self.bytes} bytes of credit on a stream")


class ItemWindow:
    """The reading end: `items` and `size` bytes may come before the first is taken."""

    __slots__ = ("_bytes", "_due_bytes", "_items", "_owed_bytes", "_owed_items", "due_items", "received", "whole")

    def __init__(self, items: int = WINDOW_ITEMS, size: int = WINDOW_BYTES) -> None:
        if not (0 < items <= MAX_WINDOW and 0 < size <= MAX_WINDOW):
            raise ValueError(f"a window has room for 1 item and 1 byte at least, not for {items} and {size}")
        self.whole = items, size
        self._items, self._bytes = items, size
        #: What is granted in one word, at least.
        self.due_items, self._due_bytes = max(1, items // 4), max(1, size // 4)
        self._owed_items = self._owed_bytes = 0
        #: Items that came.
        self.received = 0

    @property
    def left(self) -> tuple[int, int]:
        """Items and bytes that may come now."""
        return self._items, self._bytes

    @property
    def held(self) -> tuple[int, int]:
        """Items and bytes that came and were not taken."""
        return self.whole[0] - self._items - self._owed_items, self.whole[1] - self._bytes - self._owed_bytes

    def receive(self, items: int, size: int, last: int) -> None:
        """Count `items` of `size` bytes that came; the last has `last`. Raises ProtocolError without credit."""
        self._items -= items
        self._bytes -= size
        if self._items < 0 or self._bytes + last <= 0:
            raise ProtocolError("window_overrun", f"{items} items, {size} bytes on a stream without credit for them")
        self.received += items

    def take(self, items: int, size: int) -> tuple[int, int] | None:
        """The reader took `items` of `size` bytes. Returns what is to be granted now, None while that is little."""
        self._owed_items += items
        self._owed_bytes += size
        if self._owed_items < self.due_items and self._owed_bytes < self._due_bytes:
            return None
        owed = self._owed_items, self._owed_bytes
        self._items += owed[0]
        self._bytes += owed[1]
        self._owed_items = self._owed_bytes = 0
        return owed

    def resize(self, items: int, size: int) -> None:
        """It is so large from now on: what is granted next is that much more, or less, than what was taken."""
        self._items += items - self.whole[0]
        self._bytes += size - self.whole[1]
        self.whole = items, size

    def ended(self, sent: int) -> None:
        """The sender says that it has `sent` that many. Raises ProtocolError where not as many came."""
        if sent != self.received:
            raise ProtocolError("stream_gap", f"a stream ended after {sent} items, of which {self.received} came")
