"""The messages that every side sends: the same objects for Pykka and for the bus, the same bytes for raw sockets.

The bus takes them in two kinds, frozen dataclasses and Messages, and is measured with both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from peerbus.actors import Message, Request, Stream

__all__ = [
    "DATACLASSES", "HUGE", "LARGE", "MESSAGES", "SMALL", "Counted", "CountsData", "CountsMessages", "Data", "Echo",
    "Feed", "HowMany", "Kind", "MessageData", "MessageEcho", "MessageFeed", "Spoken",
]  # fmt: skip

#: Payloads: 100 bytes, 64 KiB, and a megabyte, as a block or a picture has.
SMALL = bytes(range(100))
LARGE = bytes(64 << 10)
HUGE = bytes(1 << 20)


@dataclass(frozen=True, slots=True)
class Data:
    """A tell. The receiver counts it."""

    seq: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Echo:
    """An ask. The receiver answers with the message itself."""

    seq: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Feed(Request[Stream[Data]]):
    """An ask for Data with this payload, one after the other until nobody reads any more."""

    payload: bytes


class MessageData(Message):
    """As Data."""

    seq: int
    payload: bytes


class MessageEcho(Message):
    """As Echo."""

    seq: int
    payload: bytes


class MessageFeed(Message, Request[Stream[MessageData]]):
    """As Feed."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class HowMany:
    """An ask for the count: a one-way measurement ends when the receiver has confirmed it."""


@dataclass(frozen=True, slots=True)
class Counted:
    """The count."""

    count: int


class CountsData:
    """What each actor of a comparison does, whichever library it is of."""

    count = 0

    def on_receive(self, message: object) -> object:
        """Count a Data, answer an Echo with itself, a HowMany with the count."""
        if message.__class__ is Data:
            self.count += 1
            return None
        if message.__class__ is Echo:
            return message
        return Counted(self.count)


class CountsMessages:
    """The same for Messages."""

    count = 0

    def on_receive(self, message: object) -> object:
        """As `CountsData`'s."""
        if message.__class__ is MessageData:
            self.count += 1
            return None
        if message.__class__ is MessageEcho:
            return message
        return Counted(self.count)


#: Everything that a sink declares, of either kind.
Spoken = Data | Echo | Feed | MessageData | MessageEcho | MessageFeed | HowMany | Counted


@dataclass(frozen=True, slots=True)
class Kind:
    """What is told and what is asked with, in one of the kinds."""

    data: Callable[[int, bytes], Data | MessageData]
    echo: Callable[[int, bytes], Echo | MessageEcho]
    feed: Callable[[bytes], Feed | MessageFeed]


DATACLASSES = Kind(Data, Echo, Feed)
MESSAGES = Kind(MessageData, MessageEcho, MessageFeed)
