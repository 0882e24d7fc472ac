"""The life of a connection: greeted, used by sends both ways, watched, and ended so that nothing is lost."""

from __future__ import annotations

from .commands import (
    SHUTTING_DOWN,
    SUPERSEDED,
    CloseChannel,
    ConnectionEnded,
    ConnectionStatistics,
    Disconnect,
    OfferRoles,
    OpenChannel,
)
from .connection import PeerConnection
from .entering import enter
from .greeting import Greeted, greet
from .inside_connection import InsideConnection, plain_channel
from .peer_memory import PEER_MEMORY
from .pulse import HEARTBEAT_INTERVAL
from .shared import SharedByConnections

__all__ = [
    "CloseChannel",
    "ConnectionEnded",
    "ConnectionStatistics",
    "Disconnect",
    "Greeted",
    "HEARTBEAT_INTERVAL",
    "InsideConnection",
    "OfferRoles",
    "OpenChannel",
    "PEER_MEMORY",
    "PeerConnection",
    "SHUTTING_DOWN",
    "SUPERSEDED",
    "SharedByConnections",
    "enter",
    "greet",
    "plain_channel",
]
