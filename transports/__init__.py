"""Streams to other nodes, and what travels on them: transports, identity, handshake, frames, credit, connections."""

from __future__ import annotations

from .connection import ConnectionStatistics, Disconnect, Greeted, PeerConnection, greet
from .lanes import LaneStatistics
from .streams import (
    HOST_AND_PORT,
    NAME,
    PATH,
    Endpoint,
    Identity,
    Listener,
    Location,
    MemoryNetwork,
    MemoryTransport,
    Scheme,
    Scope,
    Shape,
    Stream,
    TcpTransport,
    Transport,
    TransportKind,
    TransportOptions,
    UnixTransport,
    register,
)
from .wire import ChannelInfo, Hello

__all__ = [
    "HOST_AND_PORT",
    "NAME",
    "PATH",
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
    "Scheme",
    "Scope",
    "Shape",
    "Stream",
    "TcpTransport",
    "Transport",
    "TransportKind",
    "TransportOptions",
    "UnixTransport",
    "greet",
    "register",
]
