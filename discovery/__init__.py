"""Who is out there: candidates from mDNS and configuration, and the manager that decides whom to connect to."""

from __future__ import annotations

from .events import Candidate, PeerDown, PeerUp
from .lifecycle import PeerState
from .manager import PeerManager
from .mdns import Mdns, MdnsStatistics
from .options import PeerOptions
from .peers import MdnsOptions, Peers
from .snapshot import PeersSnapshot, PeerView

__all__ = [
    "Candidate",
    "Mdns",
    "MdnsOptions",
    "MdnsStatistics",
    "PeerDown",
    "PeerManager",
    "PeerOptions",
    "PeerState",
    "PeerUp",
    "PeerView",
    "Peers",
    "PeersSnapshot",
]
