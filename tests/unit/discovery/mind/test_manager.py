"""The peer manager, one named test per behaviour."""

from __future__ import annotations

import pytest
from managers import HIGH, LOW, OTHER, SELF, candidate, connect, due, manager, only_dial, place, reason, view

from peerbus.discovery.facts.commands import Attempt
from peerbus.discovery.facts.events import Candidate
from peerbus.discovery.peer.lifecycle import PeerState


def test_a_found_node_is_dialed_once_until_the_dial_comes_back() -> None:
    peers = manager()
    assert peers.found(candidate(HIGH, 1), 0.0)
    dial = only_dial(peers, 0.0)
    assert (dial.endpoint, dial.node_id) == (place(1), HIGH)
    assert peers.dials(100.0) == []
    assert peers.next_due(100.0) is None
    assert view(peers, HIGH).state is PeerState.DIALING


def test_the_node_itself_is_never_entered() -> None:
    peers = manager()
    assert not peers.found(candidate(SELF, 1), 0.0)
    assert not peers.add_persistent(place(1).with_peer(SELF), 0.0)
    assert peers.snapshot().peers == ()


def test_the_same_candidate_twice_is_nothing_new_but_a_second_address_is() -> None:
    peers = manager()
    assert peers.found(candidate(HIGH, 1), 0.0)
    assert not peers.found(candidate(HIGH, 1), 1.0)
    assert peers.found(candidate(HIGH, 1, 2), 2.0)
    assert [a.endpoint for a in view(peers, HIGH).addresses] == [place(1), place(2)]


def test_a_candidate_that_names_another_node_in_its_address_is_ignored() -> None:
    peers = manager()
    assert not peers.found(Candidate(HIGH, (place(1).with_peer(OTHER),)), 0.0)
    assert peers.snapshot().peers == ()


def test_no_finder_may_speak_for_the_configuration() -> None:
    with pytest.raises(ValueError, match="add_persistent"):
        manager().found(candidate(HIGH, 1, source="config"), 0.0)


def test_a_lost_node_is_not_dialed_any_more_but_a_connected_one_stays() -> None:
    peers = manager()
    peers.found(candidate(HIGH, 1), 0.0)
    peers.lost(HIGH, "mdns", 1.0)
    assert peers.dials(1.0) == []
    peers.found(candidate(LOW, 2), 1.0)
    connect(peers, LOW, "c", 1.0, only_dial(peers, 1.0))
    peers.lost(LOW, "mdns", 2.0)
    assert view(peers, LOW).state is PeerState.READY


def test_finding_a_connected_peer_only_refreshes_its_addresses() -> None:
    peers = manager()
    connect(peers, HIGH, "c", 0.0)
    assert peers.found(candidate(HIGH, 7), 1.0)
    assert peers.dials(1.0) == []
    assert [a.endpoint for a in view(peers, HIGH).addresses] == [place(7)]


def test_every_address_of_a_peer_is_tried_once_before_any_is_tried_again() -> None:
    peers = manager()
    peers.found(candidate(HIGH, 1, 2, 3), 0.0)
    tried = []
    for _ in range(3):
        dial = only_dial(peers, 0.0)
        tried.append(dial.endpoint)
        peers.dial_failed(dial, "refused", 0.0)
    assert tried == [place(1), place(2), place(3)]
    assert peers.dials(0.0) == []


def test_another_address_is_not_offered_while_one_is_dialed_or_connected() -> None:
    peers = manager()
    peers.found(candidate(HIGH, 1, 2), 0.0)
    dial = only_dial(peers, 0.0)
    assert peers.dials(0.0) == []
    connect(peers, HIGH, "c", 0.0, dial)
    assert peers.dials(1000.0) == []


def test_the_address_that_worked_last_is_dialed_first() -> None:
    peers = manager()
    peers.found(candidate(HIGH, 1, 2), 0.0)
    peers.dial_failed(only_dial(peers, 0.0), "refused", 0.0)
    connect(peers, HIGH, "c", 0.0, only_dial(peers, 0.0))
    peers.disconnected(HIGH, "c", "eof", 50.0)
    assert only_dial(peers, due(peers, 50.0)).endpoint == place(2)


def test_a_place_is_not_dialed_under_two_names_at_once() -> None:
    peers = manager()
    peers.found(candidate(HIGH, 1), 0.0)
    peers.found(candidate(OTHER, 1), 0.0)
    dial = only_dial(peers, 0.0)
    assert dial.node_id == HIGH
    connect(peers, HIGH, "c", 0.0, dial)
    assert peers.dials(1.0) == []
    assert peers.next_due(1.0) is None


def test_addresses_of_a_peer_are_bounded_whatever_finders_say() -> None:
    peers = manager()
    for first, source in ((100, "mdns"), (200, "pex"), (300, "hello")):
        peers.found(candidate(HIGH, *range(first, first + 20), source=source), 0.0)
    assert len(view(peers, HIGH).addresses) == 8


def test_a_dial_that_comes_back_twice_is_counted_once() -> None:
    peers = manager()
    peers.found(candidate(HIGH, 1), 0.0)
    dial = only_dial(peers, 0.0)
    peers.dial_failed(dial, "refused", 0.0)
    peers.dial_failed(dial, "refused", 0.0)
    assert view(peers, HIGH).addresses[0].failures == 1
    assert reason(peers.authenticated(Attempt(HIGH, 1, "late", dial), 0.0)) == "stale_dial"
