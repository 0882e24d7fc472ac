"""The mind that decides which peers to dial, accept and evict; it never dials itself."""

from __future__ import annotations

from .bookkeeping import Bookkeeping
from .crowds import crowd_of
from .lever_messages import (
    EVICTED_DRAIN,
    LEVERS,
    REMEMBERED,
    AddPersistent,
    AddSeed,
    BanPeer,
    ClosePeer,
    DialPeer,
    Drain,
    ForgetPeer,
    Lever,
    LeverResult,
    RemovePersistent,
    RemoveSeed,
    SetPermissions,
    SetRates,
    SetScore,
    UnbanPeer,
    drain_of,
    pull,
)
from .manager import PeerManager
from .peer_view import PeerFilter
from .reasons import bounded
from .requirements import RequirementView
from .snapshot import BanView, PeerPage, PeersSnapshot, PeerView
from .token_bucket import TokenBucket
from .wall_clock import WallClock

__all__ = [
    "EVICTED_DRAIN",
    "LEVERS",
    "REMEMBERED",
    "AddPersistent",
    "AddSeed",
    "BanPeer",
    "BanView",
    "Bookkeeping",
    "ClosePeer",
    "DialPeer",
    "Drain",
    "ForgetPeer",
    "Lever",
    "LeverResult",
    "PeerFilter",
    "PeerManager",
    "PeerPage",
    "PeerView",
    "PeersSnapshot",
    "RemovePersistent",
    "RemoveSeed",
    "RequirementView",
    "SetPermissions",
    "SetRates",
    "SetScore",
    "TokenBucket",
    "UnbanPeer",
    "WallClock",
    "bounded",
    "crowd_of",
    "drain_of",
    "pull",
]
