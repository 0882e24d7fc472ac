"""Peer exchange: whom to ask for peers, what to answer, what to believe; decided here, and done by its reactor."""

from __future__ import annotations

from .exchange import PeerExchange
from .options import PexOptions
from .values import PexStatistics

__all__ = [
    "PeerExchange",
    "PexOptions",
    "PexStatistics",
]
