"""The life of a connection: greeted, used by sends both ways, watched, and ended so that nothing is lost."""

from __future__ import annotations

from .allowances import FLOOD
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
from .inside_link import InsideLink
from .link import PeerLink
from .peer_memory import PEER_MEMORY
from .pulse import HEARTBEAT_INTERVAL
from .shared import SharedByConnections
from .stream_asks import stream_ask

__all__ = [
    "FLOOD",
    "HEARTBEAT_INTERVAL",
    "SHUTTING_DOWN",
    "SUPERSEDED",
    "CloseChannel",
    "ConnectionEnded",
    "ConnectionStatistics",
    "Disconnect",
    "Greeted",
    "InsideConnection",
    "InsideLink",
    "OfferRoles",
    "OpenChannel",
    "PeerConnection",
    "PeerLink",
    "PEER_MEMORY",
    "SharedByConnections",
    "greet",
    "plain_channel",
    "stream_ask",
    "enter",
]
