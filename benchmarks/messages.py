"""The messages that every side sends: the same objects for Pykka and for the bus, the same bytes for raw sockets."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LARGE", "SMALL", "Counted", "Data", "Echo", "HowMany", "Message"]

#: Payloads: 100 bytes and 64 KiB.
SMALL = bytes(range(100))
LARGE = bytes(64 << 10)


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
class HowMany:
    """An ask for the count: a one-way measurement ends when the receiver has confirmed it."""


@dataclass(frozen=True, slots=True)
class Counted:
    """The count."""

    count: int


#: Everything that a sink declares.
Message = Data | Echo | HowMany | Counted
