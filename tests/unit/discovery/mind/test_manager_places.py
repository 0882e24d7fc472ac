"""The peer manager: addresses without an id, those of others, and names that lead to several nodes."""

from __future__ import annotations

from managers import HIGH, OTHER, SELF, candidate, connect, due, manager, only_dial, place, reason, view

from peerbus.discovery.facts.commands import Accept, Attempt
from peerbus.discovery.facts.connection_view import Direction
from peerbus.discovery.facts.events import PeerUp
from peerbus.discovery.peer.lifecycle import PeerState
from peerbus.discovery.peer.options import PeerOptions
from peerbus.transports.streams.endpoint import Endpoint


def test_an_address_without_an_id_is_dialed_and_its_id_learned() -> None:
    peers = manager()
    assert peers.add_persistent(place(1), 0.0)
    assert not peers.add_persistent(place(1), 0.0)
    dial = only_dial(peers, 0.0)
    assert dial.node_id is None
    assert connect(peers, HIGH, "c", 0.0, dial) == (PeerUp(HIGH, 1, Direction.DIALED),)
    (peer,) = peers.snapshot().peers
    assert (peer.node_id, peer.persistent) == (HIGH, True)
    peers.disconnected(HIGH, "c", "eof", 50.0)
    assert only_dial(peers, due(peers, 50.0)).node_id == HIGH
    assert not peers.add_persistent(place(1), 60.0)


def test_an_address_without_an_id_is_pinned_to_the_node_that_answered_first() -> None:
    peers = manager()
    peers.add_persistent(place(1), 0.0)
    connect(peers, HIGH, "c", 0.0, only_dial(peers, 0.0))
    peers.disconnected(HIGH, "c", "eof", 50.0)
    now = due(peers, 50.0)
    peers.dial_failed(only_dial(peers, now), "node_id", now)
    assert view(peers, HIGH).persistent
    assert peers.pinned(place(1)) == HIGH
    now = due(peers, now)
    assert only_dial(peers, now).node_id == HIGH


def test_without_pins_an_address_is_open_again_when_another_node_answers_there() -> None:
    peers = manager(PeerOptions(pin=False))
    peers.add_persistent(place(1), 0.0)
    connect(peers, HIGH, "c", 0.0, only_dial(peers, 0.0))
    peers.disconnected(HIGH, "c", "eof", 50.0)
    now = due(peers, 50.0)
    peers.dial_failed(only_dial(peers, now), "node_id", now)
    assert not view(peers, HIGH).persistent
    again = only_dial(peers, now)
    assert (again.endpoint, again.node_id) == (place(1), None)
    connect(peers, OTHER, "d", now, again)
    assert view(peers, OTHER).persistent


def test_an_address_where_another_node_answered_is_forgotten_unless_configured() -> None:
    peers = manager()
    peers.found(candidate(HIGH, 1), 0.0)
    peers.dial_failed(only_dial(peers, 0.0), "node_id", 0.0)
    assert view(peers, HIGH).addresses == ()
    peers.add_persistent(place(2).with_peer(OTHER), 0.0)
    peers.dial_failed(only_dial(peers, 0.0), "node_id", 0.0)
    assert view(peers, OTHER).addresses[0].failures == 1


def test_an_address_without_an_id_that_is_our_own_is_dialed_once_and_no_more() -> None:
    peers = manager()
    peers.add_persistent(place(1), 0.0)
    peers.dial_failed(only_dial(peers, 0.0), "self_dial", 0.0)
    assert peers.snapshot().peers == ()
    peers.add_persistent(place(2), 0.0)
    dial = only_dial(peers, 0.0)
    assert reason(peers.authenticated(Attempt(SELF, 1, "c", dial), 0.0)) == "self_dial"
    assert peers.snapshot().peers == ()


def test_an_address_of_a_peer_that_turns_out_to_be_our_own_is_forgotten() -> None:
    peers = manager()
    peers.found(candidate(HIGH, 1, 2), 0.0)
    peers.dial_failed(only_dial(peers, 0.0), "self_dial", 0.0)
    assert [a.endpoint for a in view(peers, HIGH).addresses] == [place(2)]


def test_an_answer_under_another_id_than_was_dialed_is_refused() -> None:
    peers = manager()
    peers.found(candidate(HIGH, 1), 0.0)
    dial = only_dial(peers, 0.0)
    assert reason(peers.authenticated(Attempt(OTHER, 1, "c", dial), 0.0)) == "node_id"
    assert view(peers, HIGH).state is PeerState.IDLE


def test_a_configured_address_with_an_id_stays_where_another_node_answers() -> None:
    peers = manager()
    peers.add_persistent(place(1).with_peer(HIGH), 0.0)
    dial = only_dial(peers, 0.0)
    assert reason(peers.authenticated(Attempt(OTHER, 1, "c", dial), 0.0)) == "node_id"
    assert view(peers, HIGH).addresses[0].failures == 1


NAME = Endpoint("tcp", host="cluster.example", port=7400)


def test_a_name_that_leads_to_this_node_is_dialed_again_for_ever() -> None:
    for seed in (False, True):
        peers = manager()
        (peers.levers.add_seed if seed else peers.levers.add_persistent)(NAME, 0.0)
        now = 0.0
        for _ in range(20):
            peers.dial_failed(only_dial(peers, now), "self_dial", now)
            due = peers.next_due(now)
            assert due is not None
            assert now < due < now + 301
            now = due


def test_a_refusal_at_one_place_of_a_name_leaves_the_dial_to_the_others() -> None:
    peers = manager()
    peers.levers.ban(HIGH, 1e9, "operator", 0.0)
    peers.levers.add_persistent(NAME, 0.0)
    dial = only_dial(peers, 0.0)
    assert reason(peers.authenticated(Attempt(HIGH, 1, "a", dial, more=True), 0.0)) == "banned"
    if peers.goes_on(dial):
        peers.dial_failed(dial, "banned", 0.0)
    assert not peers.goes_on(dial)
    assert peers.next_due(0.0) is not None


def test_a_name_whose_node_turns_us_away_is_open_to_its_other_nodes_at_once() -> None:
    peers = manager()
    peers.levers.add_persistent(NAME, 0.0)
    dial = only_dial(peers, 0.0)
    assert peers.authenticated(Attempt(HIGH, 1, "a", dial, place=place(1)), 0.0) == Accept()
    peers.disconnected(HIGH, "a", "full", 0.1)
    due = peers.next_due(0.1)
    assert due is not None
    assert due < 1.0
    again = only_dial(peers, due)
    assert (again.endpoint, again.node_id) == (NAME, None)
    assert peers.authenticated(Attempt(OTHER, 1, "b", again, place=place(2)), due) == Accept()
    peers.ready(OTHER, "b", due)
    assert view(peers, OTHER).persistent


def test_the_name_of_a_seed_leads_to_others_after_a_node_answered_there() -> None:
    peers = manager()
    peers.levers.add_seed(NAME, 0.0)
    dial = only_dial(peers, 0.0)
    assert peers.authenticated(Attempt(HIGH, 1, "a", dial, place=place(1)), 0.0) == Accept()
    peers.ready(HIGH, "a", 0.0)
    due = peers.next_due(0.0)
    assert due is not None
    assert 0.0 < due <= 60.0
    assert only_dial(peers, due).endpoint == NAME
    assert view(peers, HIGH).addresses[0].endpoint == place(1)
