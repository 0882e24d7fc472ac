"""Peer managers for tests: candidates, dials, and connections that come and go."""

from __future__ import annotations

import random

from peerbus.discovery.facts.commands import Accept, Attempt, Dial, Refuse
from peerbus.discovery.facts.events import Candidate, PeerEvent
from peerbus.discovery.mind.manager import PeerManager
from peerbus.discovery.mind.snapshot import PeerView
from peerbus.discovery.peer.options import PeerOptions
from peerbus.transports.streams.endpoint import Endpoint

# Smaller ids win simultaneous dials: SELF is smaller than HIGH and greater than LOW.
SELF, LOW, HIGH, OTHER = "5" * 64, "1" * 64, "9" * 64, "8" * 64


def place(number: int) -> Endpoint:
    return Endpoint("tcp", host="10.0.0.1", port=number)


def candidate(node_id: str, *ports: int, source: str = "mdns") -> Candidate:
    return Candidate(node_id, tuple(place(port) for port in ports), source=source)


def manager(options: PeerOptions | None = None, seed: int = 0) -> PeerManager:
    return PeerManager(SELF, options or PeerOptions(), random.Random(seed))


def view(peers: PeerManager, node_id: str | None) -> PeerView:
    (one,) = [peer for peer in peers.snapshot().peers if peer.node_id == node_id]
    return one


def only_dial(peers: PeerManager, now: float) -> Dial:
    (dial,) = peers.dials(now)
    return dial


def due(peers: PeerManager, now: float) -> float:
    when = peers.next_due(now)
    assert when is not None
    return when


def connect(
    peers: PeerManager, node_id: str, key: str, now: float, dial: Dial | None = None, incarnation: int = 1
) -> tuple[PeerEvent, ...]:
    assert peers.authenticated(Attempt(node_id, incarnation, key, dial), now) == Accept()
    return peers.ready(node_id, key, now).events


def reason(verdict: Accept | Refuse) -> str:
    assert isinstance(verdict, Refuse)
    return verdict.reason
