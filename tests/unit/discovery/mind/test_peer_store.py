"""Whom the manager knows, and who may fill its memory."""

from __future__ import annotations

import pytest

from peerbus.discovery.facts.events import Candidate
from peerbus.discovery.facts.scores import ScoreReason
from peerbus.discovery.mind.crowds import network_of
from peerbus.discovery.mind.peer_store import PeerStore
from peerbus.discovery.peer.options import PeerOptions
from peerbus.discovery.records.record import PeerRecord
from peerbus.transports.streams.endpoint import Endpoint

SELF = "5" * 64
OPTIONS = PeerOptions(max_connected=16, max_known=80)


def place(number: int) -> Endpoint:
    return Endpoint("tcp", host="10.0.0.1", port=number)


def node(number: int) -> str:
    return f"{number:064x}"


def told(number: int, teller: str) -> Candidate:
    return Candidate(node(number), (place(number),), source="pex", told_by=teller)


def test_what_one_peer_tells_fills_its_share_and_no_more() -> None:
    peers = PeerStore(SELF, OPTIONS)
    for number in range(1, 500):
        peers.learn(told(number, "a" * 64), float(number))
    assert len(peers) == 80 // 8
    assert peers.get(node(499)) is not None  # what it told last is what it knows now
    for number in range(1000, 1500):
        peers.learn(told(number, "b" * 64), float(number))
    assert len(peers) == 2 * 80 // 8


def test_what_all_peers_of_one_network_tell_fills_a_quarter() -> None:
    peers = PeerStore(SELF, OPTIONS)
    for teller in range(1, 9):
        peer = peers.remember(node(teller), 0.0)
        assert peer is not None
        peer.host = f"10.9.{teller}.1"
        for number in range(10):
            peers.learn(told(1000 * teller + number, node(teller)), 1.0)
    assert sum(peer.told_by is not None for peer in peers) == 80 // 4


def test_who_was_connected_counts_for_no_teller_any_more() -> None:
    peers = PeerStore(SELF, OPTIONS)
    for number in range(1, 11):
        peers.learn(told(number, "a" * 64), 0.0)
    for peer in peers:
        peer.proved(1.0)
    assert peers.learn(told(99, "a" * 64), 2.0)
    assert len(peers) == 11


def test_the_lowest_ranked_is_forgotten_before_the_longest_unheard() -> None:
    peers = PeerStore(SELF, PeerOptions(max_connected=1, max_connected_upgrade=0, max_known=2))
    for number in (1, 2):
        peers.learn(Candidate(node(number), (place(number),)), float(number))
    worse = peers.get(node(2))
    assert worse is not None
    worse.score.add(ScoreReason.USELESS, 3.0)
    assert peers.learn(Candidate(node(3), (place(3),)), 3.0)
    assert {peer.node_id for peer in peers} == {node(1), node(3)}


def test_a_record_takes_the_place_of_an_older_one_only() -> None:
    peers = PeerStore(SELF, OPTIONS)

    def learn(sequence: int) -> None:
        record = PeerRecord(node(1), "net", sequence, 10**9, False, (place(1),), (), b"signed")
        peers.learn(Candidate(node(1), (place(1),), source="record", record=record), 0.0)

    for sequence in (3, 2, 5, 4):
        learn(sequence)
    peer = peers.get(node(1))
    assert peer is not None
    assert peer.record is not None
    assert peer.record.sequence == 5


def test_an_address_that_a_crowd_vouches_for_remembers_few_of_them() -> None:
    peers = PeerStore(SELF, OPTIONS)
    for teller in range(100, 200):
        peers.learn(told(1, node(teller)), 0.0)
    peer = peers.get(node(1))
    assert peer is not None
    assert [len(address.sources) for address in peer.addresses] == [8]


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("10.9.3.1", "10.9.0.0/16"),
        ("2001:db8:5::1", "2001:db8::/32"),
        ("127.0.0.1", None),
        ("::1", None),
        ("a.name", None),
        (None, None),
    ],
)
def test_a_network_is_what_one_owner_has_many_addresses_in(host: str | None, network: str | None) -> None:
    assert network_of(host) == network
