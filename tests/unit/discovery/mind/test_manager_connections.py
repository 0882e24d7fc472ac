"""The peer manager: when a peer is up and down, and which of two connections stays."""

from __future__ import annotations

from managers import HIGH, LOW, OTHER, candidate, connect, manager, only_dial, place, reason, view

from peerbus.discovery.facts.commands import Accept, Attempt, Changes, CloseConnection
from peerbus.discovery.facts.connection_view import Direction
from peerbus.discovery.facts.events import PeerDown, PeerUp
from peerbus.discovery.peer.lifecycle import PeerState
from peerbus.discovery.peer.options import PeerOptions


def test_a_peer_is_up_when_ready_and_not_before() -> None:
    peers = manager()
    assert peers.authenticated(Attempt(HIGH, 7, "c"), 0.0) == Accept()
    assert peers.snapshot().ready == 0
    assert peers.ready(HIGH, "c", 0.0).events == (PeerUp(HIGH, 7, Direction.ACCEPTED),)
    assert peers.ready(HIGH, "c", 0.0) == Changes()
    assert peers.snapshot().ready == 1


def test_a_peer_that_was_up_goes_down_once() -> None:
    peers = manager()
    connect(peers, HIGH, "c", 0.0)
    assert peers.disconnected(HIGH, "c", "eof", 1.0).events == (PeerDown(HIGH, "eof"),)
    assert peers.disconnected(HIGH, "c", "eof", 1.0) == Changes()


def test_a_peer_that_was_never_ready_does_not_go_down() -> None:
    peers = manager()
    peers.authenticated(Attempt(HIGH, 1, "c"), 0.0)
    assert peers.disconnected(HIGH, "c", "eof", 1.0) == Changes()


def test_ready_and_disconnected_of_unknown_connections_are_nothing() -> None:
    peers = manager()
    assert peers.ready(HIGH, "c", 0.0) == Changes()
    assert peers.disconnected(HIGH, "c", "eof", 0.0) == Changes()
    assert peers.evict(HIGH, "ban", 0.0) == Changes()
    assert peers.snapshot().peers == ()


def test_an_evicted_peer_is_down_at_once_and_holds_its_slot_until_it_is_gone() -> None:
    peers = manager(PeerOptions(max_connected=1))
    connect(peers, HIGH, "c", 0.0)
    assert peers.evict(HIGH, "operator", 1.0) == Changes(
        (PeerDown(HIGH, "operator"),), (CloseConnection(HIGH, "c", "operator"),)
    )
    assert peers.evict(HIGH, "operator", 1.0) == Changes()
    assert reason(peers.authenticated(Attempt(LOW, 1, "d"), 1.0)) == "full"
    assert reason(peers.authenticated(Attempt(HIGH, 1, "e"), 1.0)) == "evicting"
    assert peers.ready(HIGH, "c", 1.0) == Changes()
    assert peers.disconnected(HIGH, "c", "closed", 2.0) == Changes()
    assert view(peers, HIGH).failures == 0
    assert peers.authenticated(Attempt(LOW, 1, "d"), 2.0) == Accept()


def test_gauges_count_peers_and_return_to_zero() -> None:
    peers = manager()
    peers.found(candidate(HIGH, 1, 2, 3), 0.0)
    connect(peers, HIGH, "c", 0.0, only_dial(peers, 0.0))
    peers.found(candidate(LOW, 4), 0.0)
    peers.dials(0.0)
    picture = peers.snapshot()
    assert (len(picture.peers), picture.connected, picture.ready) == (2, 1, 1)
    assert (picture.outgoing, picture.dialing) == (1, 1)
    peers.disconnected(HIGH, "c", "eof", 1.0)
    picture = peers.snapshot()
    assert (picture.connected, picture.ready, picture.outgoing) == (0, 0, 0)


def test_of_a_simultaneous_dial_the_connection_of_the_smaller_id_wins_whichever_came_first() -> None:
    for node_id, ours_wins in ((HIGH, True), (LOW, False)):
        for ours_first in (True, False):
            peers = manager()
            peers.found(candidate(node_id, 1), 0.0)
            ours = Attempt(node_id, 1, "ours", only_dial(peers, 0.0))
            theirs = Attempt(node_id, 1, "theirs")
            first, second = (ours, theirs) if ours_first else (theirs, ours)
            assert peers.authenticated(first, 0.0) == Accept()
            verdict = peers.authenticated(second, 0.0)
            if ours_wins == ours_first:
                assert reason(verdict) == "duplicate"
            else:
                assert verdict == Accept()
                assert peers.ready(node_id, str(second.key), 0.0).close == (
                    CloseConnection(node_id, first.key, "superseded"),
                )
            assert view(peers, node_id).failures == 0


def test_a_dial_that_lost_to_the_other_direction_costs_nothing() -> None:
    peers = manager()
    peers.found(candidate(LOW, 1), 0.0)
    dial = only_dial(peers, 0.0)
    connect(peers, LOW, "theirs", 0.0)
    assert reason(peers.authenticated(Attempt(LOW, 1, "ours", dial), 0.0)) == "duplicate"
    one = view(peers, LOW)
    assert (one.state, one.failures, one.addresses[0].failures) == (PeerState.READY, 0, 0)


def test_replacing_a_ready_connection_by_another_tells_subscribers_nothing() -> None:
    peers = manager()
    connect(peers, HIGH, "old", 0.0)
    assert peers.authenticated(Attempt(HIGH, 1, "new"), 1.0) == Accept()
    changes = peers.ready(HIGH, "new", 1.0)
    assert changes == Changes((), (CloseConnection(HIGH, "old", "superseded"),))
    assert peers.disconnected(HIGH, "old", "superseded", 1.0) == Changes()
    assert view(peers, HIGH).state is PeerState.READY


def test_the_peer_stays_up_when_the_old_connection_ends_while_the_new_one_is_getting_ready() -> None:
    peers = manager()
    connect(peers, HIGH, "old", 0.0)
    peers.authenticated(Attempt(HIGH, 1, "new"), 1.0)
    assert peers.disconnected(HIGH, "old", "superseded", 1.0) == Changes()
    assert view(peers, HIGH).state is PeerState.RENEWING
    assert view(peers, HIGH).up
    assert peers.ready(HIGH, "new", 1.0) == Changes()
    assert peers.disconnected(HIGH, "new", "eof", 2.0).events == (PeerDown(HIGH, "eof"),)


def test_a_replacement_that_dies_half_way_costs_nothing() -> None:
    peers = manager()
    connect(peers, HIGH, "old", 0.0)
    peers.authenticated(Attempt(HIGH, 1, "new"), 1.0)
    assert peers.disconnected(HIGH, "new", "eof", 1.0) == Changes()
    assert view(peers, HIGH).state is PeerState.READY


def test_a_second_connection_that_the_peer_dialed_replaces_the_first_that_it_must_have_lost() -> None:
    peers = manager()
    connect(peers, LOW, "half-open", 0.0)
    assert peers.authenticated(Attempt(LOW, 1, "new"), 1.0) == Accept()
    assert peers.ready(LOW, "new", 1.0).close == (CloseConnection(LOW, "half-open", "superseded"),)


def test_a_second_connection_that_we_dialed_to_a_peer_we_have_is_refused() -> None:
    peers = manager()
    peers.found(candidate(HIGH, 1), 0.0)
    peers.add_persistent(place(2), 0.0)
    by_address, by_id = peers.dials(0.0)
    connect(peers, HIGH, "a", 0.0, by_id)
    assert reason(peers.authenticated(Attempt(HIGH, 1, "b", by_address), 0.0)) == "duplicate"
    assert view(peers, HIGH).persistent


def test_a_restarted_peer_goes_down_and_up_when_its_new_connection_is_ready() -> None:
    peers = manager()
    connect(peers, HIGH, "old", 0.0, incarnation=1)
    assert peers.authenticated(Attempt(HIGH, 2, "new"), 1.0) == Accept()
    assert peers.ready(HIGH, "new", 1.0) == Changes(
        (PeerDown(HIGH, "restarted"), PeerUp(HIGH, 2, Direction.ACCEPTED)),
        (CloseConnection(HIGH, "old", "superseded"),),
    )


def test_a_restarted_peer_is_down_as_soon_as_its_old_connection_ends() -> None:
    peers = manager()
    connect(peers, HIGH, "old", 0.0, incarnation=1)
    peers.authenticated(Attempt(HIGH, 2, "new"), 1.0)
    assert peers.disconnected(HIGH, "old", "eof", 1.0).events == (PeerDown(HIGH, "eof"),)
    assert view(peers, HIGH).state is PeerState.CONNECTED
    assert peers.ready(HIGH, "new", 1.0).events == (PeerUp(HIGH, 2, Direction.ACCEPTED),)


def test_connections_to_one_peer_that_are_being_sorted_out_are_bounded() -> None:
    peers = manager()
    verdicts = [peers.authenticated(Attempt(HIGH, 1, n), 0.0) for n in range(10)]
    assert verdicts[:4] == [Accept()] * 4
    assert {reason(v) for v in verdicts[4:]} == {"busy"}


def test_a_peer_whose_connection_ends_while_our_dial_is_out_is_not_dialed_twice() -> None:
    peers = manager()
    peers.found(candidate(HIGH, 1, 2), 0.0)
    dial = only_dial(peers, 0.0)
    connect(peers, HIGH, "in", 0.0)
    peers.disconnected(HIGH, "in", "eof", 1.0)
    assert view(peers, HIGH).state is PeerState.DIALING
    assert peers.dials(1000.0) == []
    assert peers.authenticated(Attempt(HIGH, 1, "out", dial), 1000.0) == Accept()


def test_a_peer_that_leaves_is_down_at_once_and_holds_its_slot_until_it_is_gone() -> None:
    peers = manager(PeerOptions(max_connected=1))
    connect(peers, HIGH, "a", 0.0)
    assert peers.leaving(HIGH, "peer_shutting_down", 1.0) == Changes((PeerDown(HIGH, "peer_shutting_down"),))
    assert peers.leaving(HIGH, "peer_shutting_down", 2.0) == Changes()
    assert reason(peers.authenticated(Attempt(OTHER, 1, "b"), 3.0)) == "full"
    assert reason(peers.authenticated(Attempt(HIGH, 2, "c"), 3.0)) == "evicting"
    assert peers.disconnected(HIGH, "a", "peer_shutting_down", 4.0) == Changes()
    assert view(peers, HIGH).state is PeerState.IDLE
    assert peers.authenticated(Attempt(OTHER, 1, "b"), 5.0) == Accept()


def test_of_two_connections_to_a_peer_the_one_that_leaves_changes_nothing() -> None:
    peers = manager()
    connect(peers, HIGH, "a", 0.0)
    assert peers.authenticated(Attempt(HIGH, 2, "b"), 1.0) == Accept()  # it has restarted
    assert peers.leaving(HIGH, "peer_shutting_down", 1.0) == Changes()
    assert peers.leaving(OTHER, "peer_shutting_down", 1.0) == Changes()
    assert [type(event) for event in peers.ready(HIGH, "b", 2.0).events] == [PeerDown, PeerUp]
