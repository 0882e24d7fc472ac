"""Streams to other nodes, and what travels on them: transports, identity, handshake, frames, credit, connections."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from .connection import ConnectionStatistics, Disconnect, Greeted, PeerConnection, greet
from .lanes import LaneStatistics
from .streams import (
    HOST_AND_PORT,
    NAME,
    PATH,
    BlockPipe,
    ByteStream,
    Endpoint,
    Identity,
    Listener,
    Location,
    MemoryNetwork,
    MemoryTransport,
    PipedListener,
    PipedTransport,
    Scheme,
    Scope,
    Shape,
    TcpTransport,
    Transport,
    TransportKind,
    TransportOptions,
    UnixTransport,
    expected_peer,
    register,
)
from .wire import ChannelInfo, Hello

__all__ = [
    "HOST_AND_PORT",
    "NAME",
    "PATH",
    "BlockPipe",
    "ByteStream",
    "ChannelInfo",
    "ConnectionStatistics",
    "Disconnect",
    "Endpoint",
    "Greeted",
    "Hello",
    "Identity",
    "LaneStatistics",
    "Listener",
    "Location",
    "MemoryNetwork",
    "MemoryTransport",
    "PeerConnection",
    "PipedListener",
    "PipedTransport",
    "Scheme",
    "Scope",
    "Shape",
    "TcpTransport",
    "Transport",
    "TransportKind",
    "TransportOptions",
    "UnixTransport",
    "expected_peer",
    "greet",
    "register",
]


if TYPE_CHECKING:
    Stream = ByteStream  # as it was called before there were streams of items


def __getattr__(name: str) -> object:
    if name == "Stream":
        return ByteStream
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name, obj=sys.modules[__name__])
