"""Peer exchange: which peers to ask for others, what to answer and to believe; decided here, done by its reactor."""

from __future__ import annotations

from .exchange import PeerExchange, Referred
from .options import PexOptions
from .values import PexStatistics

__all__ = [
    "PeerExchange",
    "PexOptions",
    "PexStatistics",
    "Referred",
]
