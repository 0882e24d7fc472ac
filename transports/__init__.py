"""Streams to other nodes, and what travels on them: transports, identity, handshake, frames, credit, connections."""

from __future__ import annotations

from .connection import ConnectionStatistics, Disconnect, PeerConnection
from .endpoint import Endpoint
from .greeting import Greeted, greet
from .hello import ChannelInfo, Hello
from .identity import Identity
from .memory import MemoryNetwork, MemoryTransport
from .out_lane import LaneStatistics
from .tcp import TcpTransport
from .transport import Listener, Stream, Transport
from .unix import UnixTransport

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
