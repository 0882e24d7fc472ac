"""Contracts as checks that any transport and anything that finds nodes can run on itself."""

from __future__ import annotations

from .discovery_suite import FinderPlace, check_discovery
from .transport_pair import TransportPair
from .transport_suite import check_transport

__all__ = [
    "FinderPlace",
    "TransportPair",
    "check_discovery",
    "check_transport",
]
