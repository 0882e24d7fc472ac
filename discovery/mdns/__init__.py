"""Nodes of the local network: this node's record is advertised by multicast DNS, those of others are read."""

from __future__ import annotations

from .hearing import Hearing, hear
from .mdns import Mdns, MdnsStatistics
from .service_record import MAX_NETWORK

__all__ = [
    "MAX_NETWORK",
    "Hearing",
    "Mdns",
    "MdnsStatistics",
    "hear",
]
