"""Finding peers: candidates from mDNS and configuration, and the manager that decides which to connect to."""

from __future__ import annotations

from .facts import (
    AdvertisePeers,
    AnnounceMyself,
    Ban,
    BookFailed,
    BookRecovered,
    Candidate,
    FoundPeer,
    ListenerLost,
    ListenerRestored,
    PeerBanned,
    PeerCertified,
    PeerDown,
    PeerNotReached,
    PeerRefused,
    PeerRolesChanged,
    PeerUnbanned,
    PeerUp,
    PeerWasUseful,
    ReportPeer,
    Require,
    RequirementMet,
    RequirementUnmet,
    ScoreReason,
)
from .mdns import Mdns, MdnsStatistics
from .mind import LeverResult, PeerManager, PeersSnapshot, PeerView, RequirementView
from .peer import PeerOptions, PeerState
from .records import Advert, PeerRecord
from .shell import MdnsOptions, Peers

__all__ = [
    "Advert",
    "AdvertisePeers",
    "AnnounceMyself",
    "Ban",
    "BookFailed",
    "BookRecovered",
    "Candidate",
    "FoundPeer",
    "LeverResult",
    "ListenerLost",
    "ListenerRestored",
    "Mdns",
    "MdnsOptions",
    "MdnsStatistics",
    "PeerBanned",
    "PeerCertified",
    "PeerDown",
    "PeerManager",
    "PeerNotReached",
    "PeerOptions",
    "PeerRecord",
    "PeerRefused",
    "PeerRolesChanged",
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
