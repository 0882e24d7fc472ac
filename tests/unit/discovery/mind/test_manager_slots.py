"""The peer manager: how many connections there may be, and who is forgotten first."""

from __future__ import annotations

import pytest
from managers import HIGH, LOW, OTHER, candidate, connect, due, manager, only_dial, place, reason, view

from peerbus.actors.base.errors import ConfigError
from peerbus.discovery.facts.commands import Accept, Attempt
from peerbus.discovery.peer.lifecycle import PeerState
from peerbus.discovery.peer.options import PeerOptions
from peerbus.transports.streams.endpoint import Endpoint


def test_more_persistent_peers_than_slots_are_refused() -> None:
    peers = manager(PeerOptions(max_connected=2))
    peers.add_persistent(place(1).with_peer(HIGH), 0.0)
    peers.add_persistent(place(2), 0.0)
    with pytest.raises(ConfigError, match="3 persistent peers, but max_connected is 2"):
        peers.add_persistent(place(3), 0.0)
    assert not peers.add_persistent(place(2), 0.0)
    (dial,) = (d for d in peers.dials(0.0) if d.node_id is None)
    connect(peers, OTHER, "c", 0.0, dial)
    assert not peers.add_persistent(place(2), 0.0)
    assert not peers.add_persistent(place(2).with_peer(OTHER), 0.0)


def test_an_ordinary_peer_cannot_take_the_slot_of_a_persistent_one() -> None:
    peers = manager(PeerOptions(max_connected=2))
    peers.add_persistent(place(1).with_peer(HIGH), 0.0)
    connect(peers, LOW, "a", 0.0)
    assert reason(peers.authenticated(Attempt(OTHER, 1, "b"), 0.0)) == "full"
    connect(peers, HIGH, "c", 0.0)
    assert peers.snapshot().connected == 2


def test_dials_stop_at_the_limit_of_connections_and_go_on_when_a_slot_is_free() -> None:
    peers = manager(PeerOptions(max_connected=2))
    for node_id, port in ((LOW, 1), (HIGH, 2), (OTHER, 3)):
        peers.found(candidate(node_id, port), float(port))
    first, second = peers.dials(3.0)
    assert peers.dials(3.0) == []
    assert peers.next_due(3.0) is None
    assert first.node_id is not None
    connect(peers, first.node_id, "a", 3.0, first)
    peers.dial_failed(second, "refused", 3.0)
    assert {d.node_id for d in peers.dials(3.0)} == {LOW, HIGH, OTHER} - {first.node_id, second.node_id}


def test_outgoing_connections_have_a_limit_of_their_own_that_persistent_peers_pass() -> None:
    peers = manager(PeerOptions(max_outgoing=1))
    peers.found(candidate(LOW, 1), 0.0)
    peers.found(candidate(OTHER, 2), 0.0)
    peers.add_persistent(place(3).with_peer(HIGH), 0.0)
    persistent, ordinary = (dial.node_id for dial in peers.dials(0.0))
    assert persistent == HIGH
    assert ordinary in {LOW, OTHER}
    (other,) = {LOW, OTHER} - {ordinary}
    assert peers.authenticated(Attempt(str(other), 1, "in"), 0.0) == Accept()


def test_ordinary_peers_are_dialed_so_often_in_a_minute_and_persistent_ones_as_their_waits_say() -> None:
    peers = manager(PeerOptions(min_retry=0.01, max_retry=0.01, max_retry_persistent=0.01, disconnect_cooldown=0.0))
    for number in range(16):
        peers.found(candidate(f"{number:064x}", number + 1), 0.0)
    now, times, kept = 0.0, list[float](), 0
    while now < 600.0:
        for dial in peers.dials(now):
            times.append(now)
            peers.dial_failed(dial, "unreachable", now)
        again = due(peers, now)
        assert again > now  # or a shell that sleeps until then would spin
        now = again
    assert max(sum(start <= at < start + 60 for at in times) for start in times) <= 128
    assert 64 + 9 * 64 <= len(times) <= 64 + 10 * 64
    peers.add_persistent(Endpoint.parse("tcp://10.0.0.9:9"), now)
    for _ in range(100):
        now = due(peers, now)
        for dial in peers.dials(now):
            kept += dial.node_id is None
            peers.dial_failed(dial, "unreachable", now)
    assert kept > 90


def test_none_is_no_limit() -> None:
    peers = manager(PeerOptions(max_connected=None, max_outgoing=None, max_known=None))
    for number in range(400):
        peers.found(candidate(f"{number:064x}", number + 1), 0.0)
    assert len(peers.dials(0.0)) == 400


def test_a_full_node_refuses_with_a_reason_and_leaves_the_records_of_the_peer_alone() -> None:
    peers = manager(PeerOptions(max_connected=1))
    peers.found(candidate(HIGH, 1), 0.0)
    peers.dial_failed(only_dial(peers, 0.0), "refused", 0.0)
    before = view(peers, HIGH)
    connect(peers, LOW, "a", 0.0)
    assert reason(peers.authenticated(Attempt(HIGH, 1, "b"), 0.0)) == "full"
    assert reason(peers.authenticated(Attempt(OTHER, 1, "c"), 0.0)) == "full"
    assert view(peers, HIGH) == before
    assert {peer.node_id for peer in peers.snapshot().peers} == {HIGH, LOW}
    assert peers.snapshot().refused == {"full": 2}


def test_a_dial_that_succeeds_after_the_slots_were_taken_is_refused() -> None:
    peers = manager(PeerOptions(max_connected=1))
    peers.found(candidate(HIGH, 1), 0.0)
    dial = only_dial(peers, 0.0)
    connect(peers, LOW, "a", 0.0)
    assert reason(peers.authenticated(Attempt(HIGH, 1, "b", dial), 0.0)) == "full"
    assert view(peers, HIGH).state is PeerState.IDLE


def test_the_longest_unheard_idle_peer_is_forgotten_first() -> None:
    peers = manager(PeerOptions(max_connected=2, max_connected_upgrade=0, max_known=3))
    peers.add_persistent(place(1).with_peer(HIGH), 0.0)
    peers.found(candidate(LOW, 2), 1.0)
    peers.found(candidate(OTHER, 3), 2.0)
    peers.found(candidate(LOW, 2), 3.0)
    assert peers.found(candidate("7" * 64, 4), 4.0)
    assert {peer.node_id for peer in peers.snapshot().peers} == {HIGH, LOW, "7" * 64}


def test_a_new_node_is_not_entered_when_nobody_can_be_forgotten() -> None:
    peers = manager(PeerOptions(max_connected=1, max_connected_upgrade=0, max_known=1))
    connect(peers, HIGH, "c", 0.0)
    assert not peers.found(candidate(LOW, 1), 1.0)


def test_a_stranger_is_refused_when_nobody_can_be_forgotten_for_it() -> None:
    peers = manager(PeerOptions(max_connected=2, max_connected_upgrade=0, max_known=2))
    peers.found(candidate(LOW, 1), 0.0)
    peers.found(candidate(HIGH, 2), 0.0)
    assert len(peers.dials(0.0)) == 2
    assert reason(peers.authenticated(Attempt(OTHER, 1, "c"), 0.0)) == "full"


def test_keys_that_come_and_go_do_not_push_out_peers_that_were_here_for_long() -> None:
    peers = manager(PeerOptions(stable_after=10.0))
    honest = [f"a{number:063x}" for number in range(8)]
    for node_id in honest:
        assert peers.authenticated(Attempt(node_id, 1, node_id, host="10.0.0.9"), 0.0) == Accept()
        peers.ready(node_id, node_id, 0.0)
    for node_id in honest:
        peers.disconnected(node_id, node_id, "eof", 60.0)
    for number in range(320):
        fresh, now = f"b{number:063x}", 61.0 + number
        assert peers.authenticated(Attempt(fresh, 1, fresh, host="10.9.9.9"), now) == Accept()
        peers.ready(fresh, fresh, now)
        peers.disconnected(fresh, fresh, "eof", now + 0.5)
    known = {peer.node_id for peer in peers.snapshot().peers}
    assert set(honest) <= known
    assert len(known) == 260


def test_one_address_takes_not_all_slots_and_own_dials_have_theirs() -> None:
    peers = manager(PeerOptions(max_connected=16, max_connected_upgrade=4, max_outgoing=4, max_known=40))
    for number in range(16):
        fresh = f"b{number:063x}"
        assert peers.authenticated(Attempt(fresh, 1, fresh, host="10.9.9.9"), float(number)) == Accept()
        peers.ready(fresh, fresh, float(number))
    assert reason(peers.authenticated(Attempt("c" * 64, 1, "c", host="10.9.9.9"), 20.0)) == "full"
    assert peers.authenticated(Attempt("d" * 64, 1, "d", host="10.0.0.1"), 20.0) == Accept()
    events = peers.ready("d" * 64, "d", 20.0)
    assert [close.reason for close in events.close] == ["upgraded"]
    assert events.close[0].node_id == f"b{15:063x}"
    peers.disconnected(events.close[0].node_id, events.close[0].key, "upgraded", 20.5)
    peers.found(candidate(HIGH, 1), 21.0)
    dial = only_dial(peers, 21.0)
    assert peers.authenticated(Attempt(HIGH, 1, "own", dial, host="10.0.0.2"), 21.0) == Accept()
    assert [close.node_id for close in peers.ready(HIGH, "own", 21.0).close] == [f"b{14:063x}"]
