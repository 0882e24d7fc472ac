"""Whom a node may tell others of."""

from __future__ import annotations

import random

from peerbus.actors.messages.capability import Capability
from peerbus.discovery.facts.commands import Accept, Attempt
from peerbus.discovery.facts.events import Candidate
from peerbus.discovery.facts.scores import ScoreReason
from peerbus.discovery.mind.manager import PeerManager
from peerbus.discovery.mind.wall_clock import WallClock
from peerbus.discovery.peer.options import PeerOptions
from peerbus.discovery.records.advert import Advert
from peerbus.discovery.records.record import PeerRecord
from peerbus.transports.streams.endpoint import Endpoint

SELF, A, B, C, D = "5" * 64, "a" * 64, "b" * 64, "c" * 64, "d" * 64
NODES = (A, B, C)


def place(number: int) -> Endpoint:
    return Endpoint("tcp", host="10.0.0.1", port=number)


def record(node_id: str, expires: int, *, private: bool = False) -> PeerRecord:
    return PeerRecord(node_id, "net", 1, expires, private, (place(9),), (Capability("index"),), b"signed")


def visited(options: PeerOptions | None = None, *, wall: WallClock | None = None) -> PeerManager:
    """It was connected at both addresses of each of three nodes, and has heard of a fourth."""
    peers = PeerManager(SELF, options or PeerOptions(), random.Random(1), wall=wall)
    peers.found(Candidate(D, (place(99),)), 0.0)
    for number, node_id in enumerate(NODES):
        for port in (number * 2 + 1, number * 2 + 2):
            peers.found(Candidate(node_id, (place(port),), source=f"finder {port}"), 0.0)
    now = 0.0
    for turn in range(2):
        for dial in peers.dials(now):
            if dial.node_id == D:
                peers.dial_failed(dial, "refused", now)
                continue
            assert dial.node_id is not None
            attempt = Attempt(dial.node_id, 1, dial.node_id, dial, ("archive",) if dial.node_id != C else ())
            assert peers.authenticated(attempt, now) == Accept()
            peers.ready(dial.node_id, dial.node_id, now)
        for node_id in NODES:
            peers.disconnected(node_id, node_id, "eof", now + 20)
            if turn == 0:
                # The address that worked is out of reach for once, so that the next dial goes to the other.
                worked = peers._peers.get(node_id)
                assert worked is not None
                best = next(iter(worked.addresses))
                best.backoff.until = 1e6
        now += 100.0
    return peers


def test_only_peers_that_we_were_connected_to_are_told_of_with_the_addresses_where_we_reached_them() -> None:
    told = visited().advertise(D, 100, 500.0)
    assert {advert.node_id for advert in told} == set(NODES)
    assert {endpoint.port for advert in told for endpoint in advert.verified} == {1, 2, 3, 4, 5, 6}


def test_a_peer_is_not_told_of_itself() -> None:
    assert {advert.node_id for advert in visited().advertise(A, 100, 500.0)} == {B, C}


def test_a_limit_is_kept_and_the_lowest_ranked_is_left_out() -> None:
    peers = visited()
    peers.misbehaved(B, ScoreReason.USELESS, 500.0)
    assert peers.advertise(D, 0, 500.0) == ()
    for _ in range(20):
        assert {advert.node_id for advert in peers.advertise(D, 2, 500.0)} == {A, C}


def test_this_node_itself_is_always_told_first_and_takes_nobodys_place_where_there_is_room() -> None:
    peers = visited()
    peers.myself = Advert(node_id=SELF, verified=(place(77),), roles=("archive",))
    assert peers.advertise(D, 2, 500.0)[0].node_id == SELF
    assert len(peers.advertise(D, 4, 500.0)) == 4
    assert len(peers.advertise(D, 2, 500.0)) == 2
    assert SELF not in {advert.node_id for advert in peers.advertise(D, 9, 500.0, role="index")}


def test_private_banned_and_inactive_peers_are_never_told_of() -> None:
    peers = visited(PeerOptions(private=frozenset({A})))
    peers.misbehaved(B, ScoreReason.FORGED_RECORD, 500.0)
    assert {advert.node_id for advert in peers.advertise(D, 100, 500.0)} == {C}


def test_who_signed_that_it_is_private_is_told_to_nobody() -> None:
    peers = visited()
    peers.found(Candidate(A, (), source="record", record=record(A, 10**9, private=True)), 500.0)
    assert {advert.node_id for advert in peers.advertise(D, 100, 500.0)} == {B, C}


def test_a_question_for_a_role_is_answered_with_those_whose_handshake_offered_it() -> None:
    assert {advert.node_id for advert in visited().advertise(D, 100, 500.0, role="archive")} == {A, B}


def test_equals_are_told_by_lot() -> None:
    peers = visited()
    assert len({peers.advertise(D, 1, 500.0)[0].node_id for _ in range(60)}) == 3


def test_a_record_is_told_until_it_expires_by_the_calendar() -> None:
    peers = visited(wall=WallClock(1_000_000.0))
    peers.found(Candidate(A, (), source="record", record=record(A, 1_000_600)), 500.0)
    by_id = {advert.node_id: advert for advert in peers.advertise(D, 100, 599.0)}
    assert by_id[A].record == record(A, 1_000_600)
    by_id = {advert.node_id: advert for advert in peers.advertise(D, 100, 600.0)}
    assert by_id[A].record is None


def test_a_peer_that_came_to_us_is_told_of_only_by_its_own_record() -> None:
    peers = PeerManager(SELF, PeerOptions(), random.Random(1))
    peers.authenticated(Attempt(A, 1, "c", host="10.0.0.9"), 0.0)
    peers.ready(A, "c", 0.0)
    assert peers.advertise(D, 9, 1.0) == ()
    peers.found(Candidate(A, (place(9),), source="record", record=record(A, 10**9)), 1.0)
    signed = record(A, 10**9)
    assert peers.advertise(D, 9, 1.0) == (Advert(node_id=A, verified=(), roles=(), record=signed, host="10.0.0.9"),)
