"""The state of a peer manager, with peers as a test wants them."""

from __future__ import annotations

import random

from peerbus.discovery.facts.commands import Accept, Attempt
from peerbus.discovery.facts.events import Candidate
from peerbus.discovery.mind.admission import Admission
from peerbus.discovery.mind.manager_state import ManagerState
from peerbus.discovery.mind.peer_store import PeerStore
from peerbus.discovery.peer.known_peer import KnownPeer
from peerbus.discovery.peer.lifecycle import PeerStep
from peerbus.discovery.peer.options import PeerOptions
from peerbus.transports.streams.endpoint import Endpoint

SELF = "5" * 64
ONE, TWO, THREE = "1" * 64, "2" * 64, "3" * 64


def place(number: int) -> Endpoint:
    return Endpoint("tcp", host="10.0.0.1", port=number)


def mind(options: PeerOptions | None = None) -> ManagerState:
    options = PeerOptions() if options is None else options
    return ManagerState(SELF, options, random.Random(0), PeerStore(SELF, options))


def known(state: ManagerState, node_id: str, *ports: int, roles: tuple[str, ...] = ()) -> KnownPeer:
    """A peer that a finder has named."""
    state.peers.learn(Candidate(node_id, tuple(map(place, ports)), roles, source="mdns"), 0.0)
    peer = state.peers.get(node_id)
    assert peer is not None
    return peer


def connected(state: ManagerState, node_id: str, now: float = 0.0, *, offers: tuple[str, ...] = ()) -> KnownPeer:
    """A peer that has dialed this node, and is up."""
    assert Admission(state).judge(Attempt(node_id, 1, f"key of {node_id}", offers=offers), None, now) == Accept()
    peer = state.peers.get(node_id)
    assert peer is not None
    peer.step(PeerStep.READY)
    peer.announced, peer.up_since = 1, now
    return peer
