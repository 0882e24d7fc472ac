"""The facts that discovery tells: a node was found, a peer is up, a peer is down."""

from __future__ import annotations

from dataclasses import dataclass

from ..transports.endpoint import Endpoint
from .link import Direction

__all__ = ["Candidate", "PeerDown", "PeerEvent", "PeerUp"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A finder says that a node may be reached there. Nothing in it is proven: it only nominates a dial.

    `endpoints` is the whole of what `source` (`mdns`, `pex`, …) knows now: it replaces what the same source
    said before. `roles` are names only; routing uses what the authenticated handshake says.
    """

    node_id: str
    endpoints: tuple[Endpoint, ...]
    roles: tuple[str, ...] = ()
    source: str = "mdns"


@dataclass(frozen=True, slots=True)
class PeerUp:
    """The peer has a connection that can carry messages. Told once, until its `PeerDown`.

    `incarnation` differs after the peer restarted; `direction` says who dialed.
    """

    node_id: str
    incarnation: int
    direction: Direction


@dataclass(frozen=True, slots=True)
class PeerDown:
    """The peer can carry messages no longer. `reason` is a short word.

    It is the reason of the disconnect or eviction, or `restarted`: the peer is a new process, what the old
    one knew is gone, and a `PeerUp` follows as soon as the new one is ready.
    """

    node_id: str
    reason: str


#: What subscribers of discovery receive, in order: for each peer up, down, up, down, …
PeerEvent = PeerUp | PeerDown
