"""Nodes of the local network: this node's record is advertised by multicast DNS, those of others are read."""

from __future__ import annotations

from .mdns import Mdns, MdnsStatistics

__all__ = [
    "Mdns",
    "MdnsStatistics",
]
