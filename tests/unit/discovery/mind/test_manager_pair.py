"""Two peer managers back to back end with one connection, in whatever order things happen."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from peerbus.discovery.facts.commands import Attempt, Changes, Dial, Refuse
from peerbus.discovery.facts.events import Candidate, PeerEvent, PeerUp
from peerbus.discovery.mind.manager import PeerManager
from peerbus.discovery.peer.lifecycle import PeerState
from peerbus.discovery.peer.options import PeerOptions
from peerbus.transports.streams.endpoint import Endpoint


@dataclass
class Wire:
    """One connection between two nodes: per receiving side, what is on its way, in order."""

    dialer: int
    dial: Dial
    on_its_way: tuple[deque[str], deque[str]] = field(default_factory=lambda: (deque(), deque()))
    accepted: set[int] = field(default_factory=set)
    closed: set[int] = field(default_factory=set)


class Pair:
    """Two peer managers and the handshakes between them: HELLO both ways, then WELCOME or an end."""

    def __init__(self, seed: int) -> None:
        self.ids = ("a" * 64, "b" * 64)
        self.sides = [PeerManager(i, PeerOptions(), random.Random(seed)) for i in self.ids]
        self.wires: list[Wire] = []
        self.events: tuple[list[PeerEvent], list[PeerEvent]] = ([], [])

    def dial(self, side: int, now: float = 0.0) -> None:
        for dial in self.sides[side].dials(now):
            wire = Wire(side, dial)
            wire.on_its_way[0].append("hello")
            wire.on_its_way[1].append("hello")
            self.wires.append(wire)

    def deliverable(self) -> list[tuple[int, int]]:
        return [
            (number, side)
            for number, wire in enumerate(self.wires)
            for side in (0, 1)
            if wire.on_its_way[side] and side not in wire.closed
        ]

    def deliver(self, number: int, side: int, now: float = 0.0) -> None:
        wire, peers, other = self.wires[number], self.sides[side], self.ids[1 - side]
        message = wire.on_its_way[side].popleft()
        if message == "hello":
            dial = wire.dial if wire.dialer == side else None
            verdict = peers.authenticated(Attempt(other, 1, number, dial), now)
            if isinstance(verdict, Refuse):
                self._end(wire, side, verdict.reason)
            else:
                wire.accepted.add(side)
                wire.on_its_way[1 - side].append("welcome")
        elif message == "welcome":
            self._follow(side, peers.ready(other, number, now), now)
        else:
            wire.closed.add(side)
            if side in wire.accepted:
                self._follow(side, peers.disconnected(other, number, message, now), now)
            elif wire.dialer == side:
                peers.dial_failed(wire.dial, message, now, by_peer=True)

    def _follow(self, side: int, changes: Changes, now: float) -> None:
        self.events[side].extend(changes.events)
        for close in changes.close:
            assert isinstance(close.key, int)
            self._end(self.wires[close.key], side, close.reason)
            assert self.sides[side].disconnected(close.node_id, close.key, close.reason, now) == Changes()

    def _end(self, wire: Wire, side: int, reason: str) -> None:
        wire.closed.add(side)
        wire.on_its_way[1 - side].append(reason)

    def surviving(self) -> list[int]:
        return [n for n, wire in enumerate(self.wires) if not wire.closed]


@settings(max_examples=max(100, settings().max_examples), deadline=None)
@given(
    chance=st.randoms(use_true_random=False),
    by_address=st.tuples(st.booleans(), st.booleans()),
    seed=st.integers(0, 3),
)
def test_two_nodes_that_dial_each_other_end_with_one_and_the_same_connection(
    chance: random.Random, by_address: tuple[bool, bool], seed: int
) -> None:
    pair = Pair(seed)
    for side in (0, 1):
        other = pair.ids[1 - side]
        pair.sides[side].found(Candidate(other, (Endpoint("tcp", "10.0.0.1", 1 + side),)), 0.0)
        if by_address[side]:
            # A second dial to the same node, as it is also configured by an address of unknown owner.
            pair.sides[side].add_persistent(Endpoint("tcp", "10.0.0.2", 1 + side), 0.0)
    waiting = [0, 1]
    while waiting or pair.deliverable():
        steps = pair.deliverable()
        turn = chance.randrange(len(steps) + len(waiting))
        if turn < len(steps):
            pair.deliver(*steps[turn])
        else:
            pair.dial(waiting.pop(turn - len(steps)))
    (survivor,) = pair.surviving()
    assert pair.wires[survivor].accepted == {0, 1}
    for side in (0, 1):
        (peer,) = pair.sides[side].snapshot().peers
        assert (peer.state, peer.connections, peer.failures) == (PeerState.READY, 1, 0)
        (event,) = pair.events[side]
        assert isinstance(event, PeerUp)
        assert pair.sides[side].snapshot().dialing == 0


def test_a_thousand_simultaneous_dials_in_any_order_end_with_one_and_the_same_connection() -> None:
    for seed in range(1000):
        chance, pair = random.Random(seed), Pair(seed)
        for side in (0, 1):
            pair.sides[side].found(Candidate(pair.ids[1 - side], (Endpoint("tcp", "10.0.0.1", 1 + side),)), 0.0)
        for side in (0, 1) if seed % 2 else (1, 0):
            pair.dial(side)
        while steps := pair.deliverable():
            pair.deliver(*chance.choice(steps))
        (survivor,) = pair.surviving()
        assert pair.wires[survivor].accepted == {0, 1}
        assert pair.wires[survivor].dialer == 0  # the smaller id's
