"""One peer as this node remembers it: its addresses, its waiting after failures, its life as one table."""

from __future__ import annotations

from .addresses import CONFIGURED, MAX_ADDRESSES, REACHED, SEED, PeerAddress
from .backoff import Backoff, RetryPolicy
from .known_peer import KnownPeer
from .lifecycle import UP, PeerState, PeerStep
from .options import LEAST_MEMORY, PeerOptions

__all__ = [
    "CONFIGURED",
    "LEAST_MEMORY",
    "MAX_ADDRESSES",
    "REACHED",
    "SEED",
    "UP",
    "Backoff",
    "KnownPeer",
    "PeerAddress",
    "PeerOptions",
    "PeerState",
    "PeerStep",
    "RetryPolicy",
]
