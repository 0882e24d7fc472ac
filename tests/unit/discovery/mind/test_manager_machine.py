"""The peer manager under random operations."""

from __future__ import annotations

import copy
import math
import random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from peerbus.discovery.facts.bans import BanTarget, ban_target
from peerbus.discovery.facts.commands import Accept, Attempt, Changes, Dial, Refuse
from peerbus.discovery.facts.events import Candidate, PeerDown, PeerEvent, PeerUp
from peerbus.discovery.facts.require import Require
from peerbus.discovery.facts.scores import WEIGHTS, ScoreReason
from peerbus.discovery.mind.manager import PeerManager
from peerbus.discovery.peer.lifecycle import LINKED, UP, PeerState
from peerbus.discovery.peer.options import PeerOptions
from peerbus.transports.streams.endpoint import Endpoint

SELF = "5" * 64
NODES = [digit * 64 for digit in "1234678"]
nodes = st.sampled_from(NODES)
NETWORKS = [ban_target("10.0.1.0/24"), ban_target("10.0.0.0/16")]
banned: st.SearchStrategy[BanTarget] = nodes | st.sampled_from(NETWORKS)
roles = st.sampled_from([(), ("archive",)])
places = st.builds(Endpoint, st.just("tcp"), st.just("10.0.0.1"), st.integers(1, 6))


class Operations(RuleBasedStateMachine):
    """Random facts, in an order that a correct shell could tell them."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.last_key = 0
        self.dials: list[Dial] = []
        self.live: dict[int, str] = {}
        self.dialed: set[int] = set()
        self.up: set[str] = set()

    @initialize(
        connected=st.integers(2, 4),
        upgrade=st.integers(0, 2),
        outgoing=st.integers(0, 3),
        known=st.integers(6, 9),
        tenure=st.sampled_from([0.0, 30.0]),
        unconditional=st.frozensets(nodes, max_size=1),
        requires=st.sampled_from([(), (Require(role="archive", at_least=2),), (Require(role="archive", share=0.5),)]),
        seed=st.integers(0, 9),
    )
    def begin(
        self,
        connected: int,
        upgrade: int,
        outgoing: int,
        known: int,
        tenure: float,
        unconditional: frozenset[str],
        requires: tuple[Require, ...],
        seed: int,
    ) -> None:
        self.options = PeerOptions(
            max_connected=connected,
            max_connected_upgrade=upgrade,
            max_outgoing=outgoing,
            max_known=known,
            upgrade_tenure=tenure,
            unconditional=unconditional,
            # What is kept in mind is as old as the last look, and so are the ranks that it rests on: here none fades.
            score_half_life=1e300,
        )
        self.peers = PeerManager(SELF, self.options, random.Random(seed))
        self.persistent = self.seeds = 0

    @rule(node=nodes, where=st.lists(places, max_size=3), roles=roles)
    def found(self, node: str, where: list[Endpoint], roles: tuple[str, ...]) -> None:
        self.peers.found(Candidate(node, tuple(where), roles), self.now)

    @rule(node=nodes, roles=roles)
    def offers_change(self, node: str, roles: tuple[str, ...]) -> None:
        self.peers.offers(node, roles)

    @rule()
    def reviews(self) -> None:
        assert len(self.peers.review(self.now)) <= 1
        assert self.peers.review(self.now) == ()

    @rule(node=nodes)
    def lost(self, node: str) -> None:
        self.peers.lost(node, "mdns", self.now)

    @rule(where=places, node=st.none() | nodes)
    def add_persistent(self, where: Endpoint, node: str | None) -> None:
        if self.persistent + len(self.options.unconditional) < 2:
            self.persistent += 1
            self._pulled(self.peers.levers.add_persistent(where.with_peer(node), self.now))

    @rule(where=places, node=st.none() | nodes)
    def remove_persistent(self, where: Endpoint, node: str | None) -> None:
        self._pulled(self.peers.levers.remove_persistent(where.with_peer(node)))

    @rule(where=places, node=st.none() | nodes, on=st.booleans())
    def change_seeds(self, where: Endpoint, node: str | None, on: bool) -> None:
        where = where.with_peer(node)
        if self.seeds < 2 and on:
            self.seeds += 1
            self._pulled(self.peers.levers.add_seed(where, self.now))
        elif not on:
            self._pulled(self.peers.levers.remove_seed(where))

    @rule(whom=banned, seconds=st.sampled_from([1.0, 300.0, math.inf]))
    def ban(self, whom: BanTarget, seconds: float) -> None:
        self._pulled(self.peers.levers.ban(whom, self.now + seconds, "operator", self.now))

    @rule(whom=banned)
    def unban(self, whom: BanTarget) -> None:
        self._pulled(self.peers.levers.unban(whom, self.now))

    @rule()
    def bans_end(self) -> None:
        self._events(self.peers.expire(self.now).events)

    @rule(node=nodes, score=st.none() | st.sampled_from([-500.0, 0.0, 500.0]))
    def set_score(self, node: str, score: float | None) -> None:
        self._pulled(self.peers.levers.set_score(node, score))

    @rule(node=nodes)
    def dial_by_hand(self, node: str) -> None:
        self._pulled(self.peers.levers.dial(node, self.now))

    @rule(on=st.booleans())
    def drain(self, on: bool) -> None:
        self._pulled(self.peers.levers.drain(on=on, now=self.now))

    @rule(node=nodes, teller=nodes, where=st.lists(places, min_size=1, max_size=3))
    def told(self, node: str, teller: str, where: list[Endpoint]) -> None:
        self.peers.found(Candidate(node, tuple(where), source="pex", told_by=teller), self.now)

    @rule(node=nodes, times=st.integers(1, 5))
    def does_well(self, node: str, times: int) -> None:
        self.peers.useful(node, self.now, times)

    @rule(node=nodes, reason=st.sampled_from([r for r in ScoreReason if WEIGHTS[r] < 0]))
    def misbehaves(self, node: str, reason: ScoreReason) -> None:
        self._events(self.peers.misbehaved(node, reason, self.now).events)

    @rule(to=nodes, limit=st.integers(0, 8))
    def asks_for_peers(self, to: str, limit: int) -> None:
        told = self.peers.advertise(to, limit, self.now)
        assert len(told) <= limit
        banned = {ban.target for ban in self.peers.snapshot(self.now).bans}
        assert not {to, SELF, *banned} & {advert.node_id for advert in told}
        assert all(advert.verified for advert in told)

    @rule(seconds=st.sampled_from([0.0, 0.3, 2.0, 11.0, 400.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def dial(self) -> None:
        due = self.peers.next_due(self.now)
        claimed = self.peers.dials(self.now)
        assert bool(claimed) == (due is not None and due <= self.now)
        left = self.peers.next_due(self.now)
        assert left is None or left > self.now
        self.dials += claimed

    @precondition(lambda self: self.dials)
    @rule(data=st.data(), by_peer=st.booleans())
    def dial_fails(self, data: st.DataObject, by_peer: bool) -> None:
        dial = self.dials.pop(data.draw(st.integers(0, len(self.dials) - 1)))
        reason = data.draw(st.sampled_from(["refused", "duplicate", "node_id", "self_dial"]))
        self.peers.dial_failed(dial, reason, self.now, by_peer=by_peer)

    @precondition(lambda self: self.dials)
    @rule(data=st.data(), node=nodes, incarnation=st.integers(1, 2))
    def dial_succeeds(self, data: st.DataObject, node: str, incarnation: int) -> None:
        dial = self.dials.pop(data.draw(st.integers(0, len(self.dials) - 1)))
        self._authenticate(dial.node_id or node, incarnation, dial)

    @rule(node=nodes, incarnation=st.integers(1, 2))
    def accept(self, node: str, incarnation: int) -> None:
        self._authenticate(node, incarnation, None)

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def becomes_ready(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.live)))
        self._follow(self.peers.ready(self.live[key], key, self.now))

    @precondition(lambda self: self.live)
    @rule(data=st.data(), reason=st.sampled_from(["eof", "duplicate"]))
    def disconnects(self, data: st.DataObject, reason: str) -> None:
        key = data.draw(st.sampled_from(sorted(self.live)))
        self._follow(self.peers.disconnected(self.live.pop(key), key, reason, self.now))

    @rule(node=nodes)
    def evict(self, node: str) -> None:
        changes = self.peers.evict(node, "operator", self.now)
        self._events(changes.events)
        assert all(self.live[close.key] == node for close in changes.close if isinstance(close.key, int))

    def _pulled(self, verdict: Changes | Refuse) -> None:
        if isinstance(verdict, Changes):
            self._events(verdict.events)
            assert all(isinstance(close.key, int) and close.key in self.live for close in verdict.close)
        else:
            assert verdict.reason
            assert verdict.text

    def _authenticate(self, node: str, incarnation: int, dial: Dial | None) -> None:
        self.last_key += 1
        offers = ("archive",) if incarnation == 2 else ()
        host = f"10.0.{int(node[0], 16)}.1"
        verdict = self.peers.authenticated(Attempt(node, incarnation, self.last_key, dial, offers, host), self.now)
        if isinstance(verdict, Accept):
            self.live[self.last_key] = node
            if dial is not None:
                self.dialed.add(self.last_key)

    def _follow(self, changes: Changes) -> None:
        self._events(changes.events)
        for close in changes.close:
            assert isinstance(close.key, int)
            node = self.live.pop(close.key)
            assert self.peers.disconnected(node, close.key, close.reason, self.now) == Changes()

    def _events(self, events: tuple[PeerEvent, ...]) -> None:
        for event in events:
            if isinstance(event, PeerUp):
                assert event.node_id not in self.up
                self.up.add(event.node_id)
            elif isinstance(event, PeerDown):
                self.up.remove(event.node_id)

    @invariant()
    def limits_hold_and_the_picture_is_true(self) -> None:
        picture = self.peers.snapshot()
        assert picture.connected <= (self.options.max_connected or 0) + self.options.max_connected_upgrade
        assert picture.connected == len(set(self.live.values()))
        assert picture.dialing == len(self.dials)
        # The operator's peers are entered beyond the limit: the persistent, the unconditional and the seeds.
        assert len(picture.peers) <= (self.options.max_known or 0) + self.persistent + self.seeds + 1
        assert {p.node_id for p in picture.peers if p.up} == self.up
        ordinary = {p.node_id for p in picture.peers if not p.persistent and not p.unconditional}
        dialed = {self.live[k] for k in self.dialed & self.live.keys()} & ordinary
        dialing = {d.node_id for d in self.dials if d.node_id in ordinary}
        if self.options.max_outgoing:
            # Whoever stops being persistent while connected was dialed under the other rule.
            most = (self.options.max_outgoing or 0) + self.options.max_connected_upgrade
            assert len(dialed | dialing) <= most + self.persistent
        for peer in picture.peers:
            assert (peer.state in LINKED) == (peer.node_id in self.live.values())
            assert len(peer.addresses) <= 8
            assert peer.up == (peer.state in UP)
            if peer.state is PeerState.DIALING:
                assert any(
                    d.node_id == peer.node_id or (peer.node_id is None and d.node_id is None) for d in self.dials
                )

    @invariant()
    def what_is_due_is_what_a_look_through_all_peers_would_find(self) -> None:
        due, looks_again = self.peers.next_due(self.now), copy.deepcopy(self.peers)
        looks_again.lost("0" * 64, "mdns", self.now)  # nobody: but whatever it kept in mind is forgotten
        assert looks_again.next_due(self.now) == due

    def teardown(self) -> None:
        if not hasattr(self, "peers"):
            return
        while self.dials:
            self.peers.dial_failed(self.dials.pop(), "stopped", self.now)
        while self.live:
            key = next(iter(self.live))
            self._follow(self.peers.disconnected(self.live.pop(key), key, "stopped", self.now))
        assert self.up == set()
        assert {p.state for p in self.peers.snapshot().peers} <= {PeerState.IDLE}


Operations.TestCase.settings = settings(
    max_examples=max(30, settings().max_examples), stateful_step_count=40, deadline=None
)


TestOperations = Operations.TestCase
