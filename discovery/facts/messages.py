"""What the peer manager's actor may be told and asked, by finders and by every actor of the node."""

from __future__ import annotations

from dataclasses import dataclass

from ...actors.messages import Capability
from ..records import Advert
from .events import Candidate
from .scores import ScoreReason

__all__ = [
    "AdvertisePeers",
    "AnnounceMyself",
    "FoundPeer",
    "LostPeer",
    "Offer",
    "PeerWasUseful",
    "ReportPeer",
    "Serve",
]


@dataclass(frozen=True, slots=True)
class FoundPeer:
    """A finder nominates a node."""

    candidate: Candidate


@dataclass(frozen=True, slots=True)
class LostPeer:
    """A finder takes back what it said of a node."""

    node_id: str
    source: str


@dataclass(frozen=True, slots=True)
class ReportPeer:
    """A peer misbehaved; the reason's weight stands in `scores.WEIGHTS`. Too low a score is a ban for a while."""

    node_id: str
    reason: ScoreReason


@dataclass(frozen=True, slots=True)
class PeerWasUseful:
    """A peer did what a good peer does, `times` times."""

    node_id: str
    times: int = 1


@dataclass(frozen=True, slots=True)
class AdvertisePeers:
    """Ask: at most `limit` nodes that the peer `to` may be told of (those that offer `role`); a tuple of `Advert`."""

    to: str
    limit: int
    role: str | None = None


@dataclass(frozen=True, slots=True)
class AnnounceMyself:
    """What this node tells of itself to everybody who asks for peers; None: nothing."""

    advert: Advert | None


@dataclass(frozen=True, slots=True)
class Serve:
    """This node's reactors run: from now on its peers are told what it offers."""


@dataclass(frozen=True, slots=True)
class Offer:
    """This node offers these capabilities from now on."""

    capabilities: tuple[Capability, ...]
