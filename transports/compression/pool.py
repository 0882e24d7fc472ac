"""What compression takes and saves on one node: memory of contexts, bytes by channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

__all__ = ["COMPRESSION_MEMORY", "CompressedBytes", "CompressionCount", "CompressionPool"]

#: Bytes of memory for the contexts that this node compresses with: one channel to 250 peers and more.
#: What is beyond travels as it is, and so does what peers leave no room for: see `PeerMemory`, where contexts to read
#: what they compress count as theirs.
COMPRESSION_MEMORY = 64 << 20


@dataclass(frozen=True, slots=True)
class CompressedBytes:
    """Bodies of frames on one channel that travelled compressed, in bytes: as they are, and as they travelled.

    `left_alone`: those that were sent as they are, though both sides had agreed on compression.
    """

    sent: int
    sent_as: int
    received: int
    received_as: int
    left_alone: int


class CompressionCount:
    """The same, as it grows."""

    __slots__ = ("left_alone", "received", "received_as", "sent", "sent_as")

    def __init__(self) -> None:
        self.sent = self.sent_as = self.received = self.received_as = self.left_alone = 0

    def seen(self) -> CompressedBytes:
        """At this instant."""
        return CompressedBytes(self.sent, self.sent_as, self.received, self.received_as, self.left_alone)


class HasContext(Protocol):
    """What compresses one lane."""

    def end(self) -> None:
        """Do without the context from now on, until there is memory for a new one."""


class CompressionPool:
    """That of one node. On the loop's thread only."""

    __slots__ = ("_channels", "_open", "limit", "room", "used")

    def __init__(self, limit: int = COMPRESSION_MEMORY) -> None:
        self.limit = limit
        #: Bytes that peers leave to all contexts: whoever counts what these hold says so.
        self.room = limit
        self._open: dict[HasContext, None] = {}
        #: Bytes of all contexts that compress.
        self.used = 0
        #: By channel; those that this node declares with compression, and no others.
        self._channels: dict[str, CompressionCount] = {}

    def of(self, channel: str) -> CompressionCount:
        """The count of a channel."""
        return self._channels.setdefault(channel, CompressionCount())

    def seen(self) -> Mapping[str, CompressedBytes]:
        """What was saved so far, by channel."""
        return {channel: count.seen() for channel, count in self._channels.items()}

    def take(self, holder: HasContext, size: int) -> bool:
        """Memory for the context of that one. False: there is none."""
        if self.used + size > min(self.limit, self.room):
            return False
        self._open[holder] = None
        self.used += size
        return True

    def give_back(self, holder: HasContext, size: int) -> None:
        """Its context is gone."""
        del self._open[holder]
        self.used -= size

    def give_way(self) -> None:
        """The memory is needed: what comes next travels as it is, or begins anew."""
        for holder in tuple(self._open):
            holder.end()
