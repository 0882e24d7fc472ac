"""Whom the peer manager knows: nodes by id, and configured addresses that have not answered yet."""

from __future__ import annotations

from collections.abc import Iterator

from ..transports.endpoint import Endpoint
from .addresses import CONFIGURED
from .events import Candidate
from .known_peer import KnownPeer
from .lifecycle import PeerState

__all__ = ["Roster"]


class Roster:
    """At most `most` entries (0 = no limit): who is longest unheard of, and idle, is forgotten first.

    This node itself is never an entry. Persistent peers, and peers that are connected or being
    dialed, are never forgotten; persistent ones are entered even where that breaks the limit.
    """

    __slots__ = ("_learned", "_most", "_nameless", "_peers", "_self_id")

    def __init__(self, self_id: str, most: int) -> None:
        self._self_id = self_id
        self._most = most
        self._peers: dict[str, KnownPeer] = {}
        self._nameless: dict[Endpoint, KnownPeer] = {}
        #: Addresses that were configured without an id, and the node that answered there last.
        self._learned: dict[Endpoint, str] = {}

    def __iter__(self) -> Iterator[KnownPeer]:
        yield from self._peers.values()
        yield from self._nameless.values()

    def __len__(self) -> int:
        return len(self._peers) + len(self._nameless)

    def get(self, node_id: str) -> KnownPeer | None:
        """The peer of that id."""
        return self._peers.get(node_id)

    def remember(self, node_id: str, now: float, *, always: bool = False) -> KnownPeer | None:
        """The peer of that id, entered if need be; None if there is no room."""
        peer = self._peers.get(node_id)
        if peer is None and (self._make_room() or always):
            peer = self._peers[node_id] = KnownPeer(node_id, seen=now)
        return peer

    def learn(self, candidate: Candidate, now: float) -> bool:
        """Enter what a finder said; True if the node or one of its addresses is new."""
        node_id = candidate.node_id
        endpoints = [e for e in candidate.endpoints if e.peer_id in (None, node_id)]
        if node_id == self._self_id or (node_id not in self._peers and not endpoints):
            return False
        peer = self.remember(node_id, now)
        if peer is None:
            return False
        peer.seen, peer.roles = now, candidate.roles
        return peer.addresses.replace(endpoints, candidate.source)

    def is_configured(self, endpoint: Endpoint) -> bool:
        """Whether adding this endpoint to the configuration would need no further slot."""
        place = endpoint.without_peer()
        peer = self._peers.get(endpoint.peer_id or self._learned.get(place, ""))
        return place in self._nameless or (peer is not None and peer.persistent)

    def configure(self, endpoint: Endpoint, now: float) -> bool:
        """Enter an address that the operator wrote down; True if it is new."""
        place = endpoint.without_peer()
        if endpoint.peer_id is not None:
            peer = self.remember(endpoint.peer_id, now, always=True)
            return peer is not None and peer.addresses.configure(place)
        if place in self._nameless or place in self._learned:
            return False
        self._make_room()
        peer = self._nameless[place] = KnownPeer(None, seen=now)
        return peer.addresses.configure(place)

    def answered(self, endpoint: Endpoint, node_id: str, now: float) -> KnownPeer | None:
        """This node answered at an address that was configured without an id: it is persistent now."""
        self._nameless.pop(endpoint, None)
        self._learned[endpoint] = node_id
        peer = self.remember(node_id, now, always=True)
        if peer is not None:
            peer.addresses.configure(endpoint)
        return peer

    def is_self(self, peer: KnownPeer, endpoint: Endpoint) -> None:
        """This node itself answered there: never dial it again."""
        peer.addresses.drop(endpoint)
        self._nameless.pop(endpoint, None)
        self._learned.pop(endpoint, None)

    def is_other(self, peer: KnownPeer, endpoint: Endpoint, now: float) -> bool:
        """Another node than `peer` answered there: True if that address is not the peer's any more.

        An address that was configured without an id is again open to whoever answers. One that was
        configured with an id stays, as the operator said so.
        """
        address = peer.addresses.find(endpoint)
        if peer.node_id is None or address is None:
            return False
        if self._learned.get(endpoint) == peer.node_id:
            del self._learned[endpoint]
            peer.addresses.drop(endpoint)
            self.configure(endpoint, now)
            return True
        if CONFIGURED in address.sources:
            return False
        peer.addresses.drop(endpoint)
        return True

    def _make_room(self) -> bool:
        if not self._most or len(self) < self._most:
            return True
        idle = [p for p in self._peers.values() if p.state is PeerState.IDLE and not p.persistent]
        if not idle:
            return False
        oldest = min(idle, key=lambda peer: peer.seen)
        self._peers = {i: p for i, p in self._peers.items() if p is not oldest}
        return True
