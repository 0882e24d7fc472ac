"""Streams to other nodes, and what travels on them: transports, identity, handshake, frames, credit, connections."""

from __future__ import annotations

from .connection import ConnectionStatistics, Disconnect, Greeted, PeerConnection, greet
from .lanes import LaneStatistics
from .streams import (
    Endpoint,
    Identity,
    Listener,
    MemoryNetwork,
    MemoryTransport,
    Stream,
    TcpTransport,
    Transport,
    UnixTransport,
)
from .wire import ChannelInfo, Hello

__all__ = [
    "ChannelInfo",
    "ConnectionStatistics",
    "Disconnect",
    "Endpoint",
    "Greeted",
    "Hello",
    "Identity",
    "LaneStatistics",
    "Listener",
    "MemoryNetwork",
    "MemoryTransport",
    "PeerConnection",
    "Stream",
    "TcpTransport",
    "Transport",
    "UnixTransport",
    "greet",
]
