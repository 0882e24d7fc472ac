"""What the parts of discovery say to each other of peers: facts, commands, requests, scores, bans and requirements."""

from __future__ import annotations

from .bans import CONFIGURED_BAN, MAX_BANS, Ban, Bans, BanTarget, ban_target
from .commands import PEERS_ACTOR, Accept, Attempt, Changes, CloseConnection, Dial, Refuse, Verdict
from .connection_view import Direction, PeerConnectionView
from .events import (
    BookFailed,
    BookRecovered,
    Candidate,
    ListenerLost,
    ListenerRestored,
    PeerBanned,
    PeerCertified,
    PeerDown,
    PeerEvent,
    PeerNotReached,
    PeerRefused,
    PeerRolesChanged,
    PeerUnbanned,
    PeerUp,
    RequirementMet,
    RequirementUnmet,
)
from .finder import Finder, FinderKind, MakeFinder
from .messages import AdvertisePeers, AnnounceMyself, FoundPeer, LostPeer, Offer, PeerWasUseful, ReportPeer, Serve
from .require import Require
from .scores import MAX_SCORE, MIN_SCORE, WEIGHTS, Score, ScoreReason

__all__ = [
    "CONFIGURED_BAN",
    "MAX_BANS",
    "MAX_SCORE",
    "MIN_SCORE",
    "PEERS_ACTOR",
    "WEIGHTS",
    "Accept",
    "AdvertisePeers",
    "AnnounceMyself",
    "Attempt",
    "Ban",
    "BanTarget",
    "Bans",
    "BookFailed",
    "BookRecovered",
    "Candidate",
    "Changes",
    "CloseConnection",
    "Dial",
    "Direction",
    "Finder",
    "FinderKind",
    "FoundPeer",
    "ListenerLost",
    "ListenerRestored",
    "LostPeer",
    "MakeFinder",
    "Offer",
    "PeerBanned",
    "PeerCertified",
    "PeerConnectionView",
    "PeerDown",
    "PeerEvent",
    "PeerNotReached",
    "PeerRefused",
    "PeerRolesChanged",
    "PeerUnbanned",
    "PeerUp",
    "PeerWasUseful",
    "Refuse",
    "ReportPeer",
    "Require",
    "RequirementMet",
    "RequirementUnmet",
    "Score",
    "ScoreReason",
    "Serve",
    "Verdict",
    "ban_target",
]
