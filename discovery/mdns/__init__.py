"""Nodes of the local network: this node's record is advertised by multicast DNS, those of others are read."""

from __future__ import annotations

from .mdns import Mdns, MdnsStatistics
from .service_record import MAX_NETWORK

__all__ = [
    "MAX_NETWORK",
    "Mdns",
    "MdnsStatistics",
]
