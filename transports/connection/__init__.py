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
from .connection import HEARTBEAT_INTERVAL, PeerConnection
from .greeting import Greeted, greet
from .link import PeerLink

__all__ = [
    "HEARTBEAT_INTERVAL",
    "SHUTTING_DOWN",
    "SUPERSEDED",
    "CloseChannel",
    "ConnectionEnded",
    "ConnectionStatistics",
    "Disconnect",
    "Greeted",
    "OfferRoles",
    "OpenChannel",
    "PeerConnection",
    "PeerLink",
    "greet",
]
