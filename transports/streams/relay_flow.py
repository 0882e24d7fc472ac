"""A flow of bytes each way in numbered messages, which a relay that is not trusted carries: synchronous, no clock.

A message is a kind, its number (u32, big endian) and a body.
"""

# Law 1. Each side numbers its messages from 0 on. One that is missing, doubled or out of order breaks the flow: a relay
#        that drops a message (a slow consumer, a server that fails over) never makes a gap in the bytes.
# Law 2. A side sends no more bytes than were granted to it, and takes no more than it has granted: what a relay holds
#        of all flows is bounded, and whoever makes up grants gains nothing.
# Law 3. The end is a message too: whatever ends without it was cut.

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Iterator
from typing import Final

from ...actors.base import StreamBroken

__all__ = ["CREDIT", "DATA", "END", "MESSAGE_HEAD", "RELAY_RESET", "RESET", "FlowIn", "FlowOut"]

DATA: Final = 0x44
CREDIT: Final = 0x43
END: Final = 0x45
RESET: Final = 0x52

_HEAD = struct.Struct(">BI")
MESSAGE_HEAD: Final = _HEAD.size
_MASK: Final = 0xFFFF_FFFF

#: What answers a message for a flow that nobody knows: it has no number.
RELAY_RESET: Final = bytes([RESET]) + bytes(MESSAGE_HEAD - 1)

Bytes = bytes | memoryview


class FlowOut:
    """What goes out: bytes that wait for credit, in messages of at most `largest` bytes."""

    __slots__ = ("_next", "_queue", "credit", "largest", "unsent")

    def __init__(self, largest: int) -> None:
        self.largest = largest
        self.credit = 0
        #: Bytes that wait.
        self.unsent = 0
        self._queue: deque[Bytes] = deque()
        self._next = 0

    def put(self, data: bytes) -> None:
        """Queue bytes."""
        if data:
            self._queue.append(data)
            self.unsent += len(data)

    @property
    def at_once(self) -> int:
        """Bytes that may go as one message, where nothing waits."""
        return min(self.largest, self.credit)

    def sent(self, size: int) -> bytes:
        """The head of a message of that size, at most `at_once` bytes, which is sent where nothing waits."""
        self.credit -= size
        return self.head(DATA)

    def granted(self, size: int) -> None:
        """The other side takes that number of bytes more."""
        self.credit = min(self.credit + size, _MASK)

    def data(self) -> Iterator[list[Bytes]]:
        """The messages that credit allows, each as its parts; whoever stops taking them leaves the rest queued."""
        queue = self._queue
        while queue and self.credit > 0:
            room = min(self.largest, self.credit)
            parts: list[Bytes] = [self.head(DATA)]
            while room > 0 and queue:
                part = queue.popleft()
                if len(part) > room:
                    view = memoryview(part)
                    queue.appendleft(view[room:])
                    part = view[:room]
                parts.append(part)
                room -= len(part)
                self.credit -= len(part)
                self.unsent -= len(part)
            yield parts

    def head(self, kind: int) -> bytes:
        """The head of the next message; it has to be sent."""
        number = self._next
        self._next = number + 1 & _MASK
        return _HEAD.pack(kind, number)

    def grant(self, size: int) -> bytes:
        """A message that grants the other side more bytes."""
        return self.head(CREDIT) + size.to_bytes(4, "big")

    def drop(self) -> None:
        """Send nothing of what waits."""
        self._queue.clear()
        self.unsent = 0


class FlowIn:
    """What comes in, and what the other side may send."""

    __slots__ = ("_next", "_taken", "_window", "granted")

    def __init__(self, window: int) -> None:
        self._window = window
        #: Bytes that the other side may still send.
        self.granted = window
        self._taken = 0
        self._next = 0

    @property
    def window(self) -> int:
        """Bytes that are to be granted and not taken, while the reader reads."""
        return self._window

    def message(self, message: bytes) -> tuple[int, bytes]:
        """A message has come: its kind and body; of DATA the bytes, which count as taken. Raises StreamBroken."""
        if len(message) < MESSAGE_HEAD:
            raise StreamBroken("a message without a head came")
        kind, number = _HEAD.unpack_from(message)
        if kind == RESET:  # whoever knows nothing of the flow any more has no number for it
            return kind, b""
        if number != self._next:
            raise StreamBroken(f"message {self._next} is missing: the relay has lost it, and sent {number}")
        self._next = number + 1 & _MASK
        body = message[MESSAGE_HEAD:]
        if kind == DATA:
            if len(body) > self.granted:
                raise StreamBroken(f"{len(body)} bytes came where {self.granted} were granted")
            self.granted -= len(body)
            self._taken += len(body)
        elif kind == CREDIT:
            if len(body) != 4:
                raise StreamBroken("a grant that is none came")
        elif kind != END:
            raise StreamBroken(f"a message of no kind came: {kind:#04x}")
        return kind, body

    def to_grant(self, window: int) -> int:
        """Bytes to grant now so that the window becomes that, 0 where it is too early for a message; counted."""
        due = self._taken + window - self._window
        if due <= 0 or (due < window // 4 and self.granted >= window // 4):
            return 0
        self._window = window
        self._taken = 0
        self.granted += due
        return due
