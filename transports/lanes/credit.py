"""Credit: how much a sender may still send on one channel of one connection, and when it gets that back.

It comes back when the actor takes the message: the mailbox tells `InLane.dequeued`, that tells `ReceiveSide.release`,
and what is `due` then is written as a CREDIT. For the items of a stream `actors/streams/credit.py` has the same.
"""

from __future__ import annotations

from ...actors.base import ProtocolError

__all__ = ["ReceiveWindow", "SendWindow"]

# Law 1: a window counts messages and payload bytes. Both ends start with the same two numbers; what
#        was sent and not granted back is outstanding.
# Law 2: a message fits if a message credit is left, and its size is within the byte credit or less
#        than half of the byte window is outstanding. So a message larger than the credit, even one
#        larger than the window, may go as the last one, and the receiver holds at most
#        max(window, half a window + one message) bytes.
# Law 3: the receiver grants back as soon as it owes half of either window.
# Law 4: therefore nobody waits for ever. A sender waits only with all messages outstanding or half of
#        the bytes; once the receiver has released them all, it owes all of these, so by law 3 it grants.
#        A rule "or nothing is outstanding" with grants by halves would wait for ever with a little owed.
# Law 5: a window may be made larger than it was announced, and as small again (`resize`). Laws 2 and 3 go by what was
#        announced: so credit comes back ever earlier as a window grows, and law 4 holds at any size.
# Law 6: the receiver's count of the credit is never below the sender's (grants in flight are in it),
#        and law 2 only gets easier with more credit: what is fair at the sender is never an overrun. So
#        one that makes a window smaller goes by the larger one until it knows that the sender has heard.


class SendWindow:
    """The sending end: what may go out on one channel of one connection.

    `messages` and `bytes` are the window as the receiver announced it.
    """

    __slots__ = ("_bytes", "_bytes_max", "_bytes_whole", "_messages", "_messages_max", "_messages_whole")

    def __init__(self, messages: int, bytes: int) -> None:  # noqa: A002 - the field's name on the wire
        _check(messages, bytes)
        self._messages_max = self._messages_whole = self._messages = messages
        self._bytes_max = self._bytes_whole = self._bytes = bytes

    @property
    def messages(self) -> int:
        """Messages that may still go."""
        return max(self._messages, 0)

    @property
    def announced(self) -> tuple[int, int]:
        """Messages and bytes of the window as it was announced, which it is never below."""
        return self._messages_max, self._bytes_max

    @property
    def whole(self) -> tuple[int, int]:
        """Messages and bytes of the window as it is now."""
        return self._messages_whole, self._bytes_whole

    @property
    def bytes(self) -> int:
        """Bytes that may still go; below 0 after a message that was larger than the credit."""
        return self._bytes

    @property
    def outstanding(self) -> tuple[int, int]:
        """Messages and bytes that were sent and are not granted back."""
        return self._messages_whole - self._messages, self._bytes_whole - self._bytes

    @property
    def taken(self) -> str:
        """The same in words, of how many."""
        messages, size = self.outstanding
        return f"{messages} of {self._messages_whole} messages, {size} of {self._bytes_whole} bytes"

    def resize(self, messages: int, bytes: int) -> None:  # noqa: A002 - as above
        """Make the window this large from now on. Where that is smaller, less may go than before, perhaps nothing.

        Raises ProtocolError `bad_field` below what was announced.
        """
        if messages < self._messages_max or bytes < self._bytes_max:
            raise ProtocolError("bad_field", f"a window of {messages} messages, {bytes} bytes for {self!r}")
        self._messages += messages - self._messages_whole
        self._bytes += bytes - self._bytes_whole
        self._messages_whole, self._bytes_whole = messages, bytes

    def has_room(self, size: int) -> bool:
        """Whether a message of `size` payload bytes may go now."""
        return _fits(size, self._messages, self._bytes, self._bytes_max)

    def take(self, size: int) -> bool:
        """Count a message of `size` payload bytes that goes out. False, and nothing counted, without room."""
        left = self._bytes
        # As `_fits`, without its call: with it an ask took 4 % more of its asker's time. See test_credit.
        if self._messages <= 0 or (size > left and 2 * left <= self._bytes_max):
            return False
        self._messages -= 1
        self._bytes = left - size
        return True

    def take_all(self, messages: int, size: int) -> bool:
        """Count messages that go out together, if each of them has room for sure. False, and nothing counted, else."""
        if messages > self._messages or size > self._bytes:
            return False
        self._messages -= messages
        self._bytes -= size
        return True

    def grant(self, messages: int, bytes: int) -> None:  # noqa: A002 - as above
        """Count a CREDIT. Raises ProtocolError `credit_overflow` beyond the window."""
        total, size = self._messages + messages, self._bytes + bytes
        if total > self._messages_whole or size > self._bytes_whole:
            raise ProtocolError("credit_overflow", f"granted {messages} messages, {bytes} bytes to {self!r}")
        self._messages, self._bytes = total, size

    def __repr__(self) -> str:
        return f"<SendWindow {self._messages}/{self._messages_whole} messages, {self._bytes}/{self._bytes_whole} bytes>"


class ReceiveWindow:
    """The receiving end: what the peer may still send, what it holds here and what it is owed."""

    __slots__ = (
        "_bytes",
        "_bytes_held",
        "_bytes_max",
        "_bytes_owed",
        "_bytes_whole",
        "_granted",
        "_messages",
        "_messages_held",
        "_messages_max",
        "_messages_owed",
        "_messages_whole",
    )

    def __init__(self, messages: int, bytes: int) -> None:  # noqa: A002 - as above
        _check(messages, bytes)
        self._messages_max = self._messages_whole = self._messages = messages
        self._bytes_max = self._bytes_whole = self._bytes = bytes
        self._messages_held = self._bytes_held = 0
        self._messages_owed = self._bytes_owed = 0
        self._granted = 0

    def stand_where(self, other: ReceiveWindow) -> None:
        """Be as another one is: it takes that one's place."""
        self._bytes = other._bytes
        self._bytes_held = other._bytes_held
        self._bytes_max = other._bytes_max
        self._bytes_owed = other._bytes_owed
        self._bytes_whole = other._bytes_whole
        self._granted = other._granted
        self._messages = other._messages
        self._messages_held = other._messages_held
        self._messages_max = other._messages_max
        self._messages_owed = other._messages_owed
        self._messages_whole = other._messages_whole

    @property
    def received(self) -> int:
        """Messages that have arrived since the beginning."""
        return self._granted + self._messages_whole - self._messages

    @property
    def announced(self) -> tuple[int, int]:
        """As `SendWindow.announced`."""
        return self._messages_max, self._bytes_max

    @property
    def whole(self) -> tuple[int, int]:
        """Messages and bytes that the peer may have in flight at most."""
        return self._messages_whole, self._bytes_whole

    @property
    def held(self) -> tuple[int, int]:
        """Messages and bytes that arrived and are not released."""
        return self._messages_held, self._bytes_held

    @property
    def owed(self) -> tuple[int, int]:
        """Messages and bytes that were released and are not granted back."""
        return self._messages_owed, self._bytes_owed

    def resize(self, messages: int, bytes: int) -> None:  # noqa: A002 - as above
        """Make the window this large: before the peer is told where it grows, when the peer has heard where it shrinks.

        Raises ValueError below what was announced.
        """
        if messages < self._messages_max or bytes < self._bytes_max:
            raise ValueError(f"a window of {messages} messages, {bytes} bytes for {self!r}")
        self._messages += messages - self._messages_whole
        self._bytes += bytes - self._bytes_whole
        self._messages_whole, self._bytes_whole = messages, bytes

    def receive(self, size: int) -> None:
        """Count a message that arrived. Raises ProtocolError `window_overrun` if it had no credit."""
        if not _fits(size, self._messages, self._bytes, self._bytes_max):
            raise ProtocolError("window_overrun", f"{size} bytes for {self!r}")
        self._messages -= 1
        self._bytes -= size
        self._messages_held += 1
        self._bytes_held += size

    def receive_all(self, messages: int, size: int) -> bool:
        """Count messages that arrived together, if each of them has credit for sure. False: count one by one."""
        if messages > self._messages or size > self._bytes:
            return False
        self._messages -= messages
        self._bytes -= size
        self._messages_held += messages
        self._bytes_held += size
        return True

    def release(self, size: int, messages: int = 1) -> None:
        """Count messages that their actor dequeued, or that were refused: every `receive` needs one.

        `size`: their bytes together. Raises ValueError for messages that never arrived.
        """
        if messages > self._messages_held or size > self._bytes_held:
            raise ValueError(f"released {messages} messages, {size} bytes that did not arrive ({self!r})")
        self._messages_held -= messages
        self._bytes_held -= size
        self._messages_owed += messages
        self._bytes_owed += size

    def due(self, *, at_once: bool = False) -> tuple[int, int] | None:
        """The messages and bytes to grant now, or None while less than half of either is owed.

        `at_once`: grant whatever is owed, so that the sender knows what has arrived before a connection ends.
        What it returns counts as granted: send it. Ask after each `release`, or once per loop turn.
        """
        messages, size = self._messages_owed, self._bytes_owed
        if 2 * messages < self._messages_max and 2 * size < self._bytes_max and not (at_once and messages):
            return None
        self._messages_owed = self._bytes_owed = 0
        self._messages += messages
        self._granted += messages
        self._bytes += size
        return messages, size

    def __repr__(self) -> str:
        return (
            f"<ReceiveWindow {self._messages}/{self._messages_whole} messages,"
            f" {self._bytes}/{self._bytes_whole} bytes,"
            f" held {self._messages_held}, owed {self._messages_owed}>"
        )


def _fits(size: int, messages: int, left: int, whole: int) -> bool:
    """Law 2, for a message of `size` bytes: `messages` may still go, and `left` of `whole` bytes."""
    return messages > 0 and (size <= left or 2 * left > whole)


def _check(messages: int, size: int) -> None:
    if messages < 1 or size < 1:
        raise ValueError(f"a window has room for 1 message and 1 byte at least, not {messages}, {size}")
