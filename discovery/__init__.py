"""Who is out there: candidates from mDNS and configuration, and the manager that decides whom to connect to."""

from __future__ import annotations

from .advert import Advert
from .bans import Ban
from .events import Candidate, PeerBanned, PeerDown, PeerUnbanned, PeerUp, RequirementMet, RequirementUnmet
from .finders import MdnsOptions
from .lever_messages import LeverResult
from .lifecycle import PeerState
from .manager import PeerManager
from .mdns import Mdns, MdnsStatistics
from .messages import AdvertisePeers, AnnounceMyself, FoundPeer, PeerWasUseful, ReportPeer
from .options import PeerOptions
from .peers import Peers
from .record import PeerRecord
from .require import Require
from .requirements import RequirementView
from .scores import ScoreReason
from .snapshot import PeersSnapshot, PeerView

__all__ = [
    "Advert",
    "AdvertisePeers",
    "AnnounceMyself",
    "Ban",
    "Candidate",
    "FoundPeer",
    "LeverResult",
    "Mdns",
    "MdnsOptions",
    "MdnsStatistics",
    "PeerBanned",
    "PeerDown",
    "PeerManager",
    "PeerOptions",
    "PeerRecord",
    "PeerState",
    "PeerUnbanned",
    "PeerUp",
    "PeerView",
    "PeerWasUseful",
    "Peers",
    "PeersSnapshot",
    "ReportPeer",
    "Require",
    "RequirementMet",
    "RequirementUnmet",
    "RequirementView",
    "ScoreReason",
]
