"""The peer manager: how long it waits before it dials again, and what is forgiven."""

from __future__ import annotations

from managers import HIGH, LOW, candidate, connect, due, manager, only_dial, place, view

from peerbus.discovery.facts import Candidate
from peerbus.discovery.facts.commands import Accept, Attempt, Changes
from peerbus.discovery.peer.options import PeerOptions


def test_waits_double_to_the_cap_and_keep_their_jitter_there() -> None:
    options = PeerOptions(min_retry=1.0, max_retry=8.0, retry_jitter=0.5)
    peers = manager(options)
    peers.found(candidate(HIGH, 1), 0.0)
    now, waits = 0.0, []
    for _ in range(8):
        peers.dial_failed(only_dial(peers, now), "refused", now)
        waits.append(due(peers, now) - now)
        now += waits[-1]
    for wait, full in zip(waits, [1, 2, 4, 8, 8, 8, 8, 8], strict=True):
        assert full * 0.5 <= wait <= full
    assert len(set(waits[3:])) > 1


def test_asking_again_does_not_draw_the_wait_again() -> None:
    peers = manager()
    peers.found(candidate(HIGH, 1), 0.0)
    peers.dial_failed(only_dial(peers, 0.0), "refused", 0.0)
    when = due(peers, 0.0)
    for step in range(100):
        now = when * step / 100
        assert due(peers, now) == when
        assert peers.dials(now) == []
    assert len(peers.dials(when)) == 1


def test_a_peer_that_rejects_us_waits_with_all_its_addresses_and_the_reason_is_kept() -> None:
    peers = manager()
    peers.found(candidate(HIGH, 1, 2), 0.0)
    peers.dial_failed(only_dial(peers, 0.0), "full", 0.0, by_peer=True)
    assert peers.dials(0.0) == []
    assert view(peers, HIGH).failures == 1
    assert view(peers, HIGH).last_reason == "full"


def test_a_peer_that_is_full_is_left_alone_for_some_seconds_and_no_longer_than_the_longest_wait() -> None:
    for longest, least, most in ((300.0, 2.5, 5.0), (1.0, 0.5, 1.0)):
        peers = manager(PeerOptions(min_retry=0.25, max_retry=longest, max_retry_persistent=longest))
        peers.found(candidate(HIGH, 1, 2), 0.0)
        peers.dial_failed(only_dial(peers, 0.0), "full", 0.0, by_peer=True)
        assert least <= due(peers, 0.0) <= most


def test_a_connection_turned_away_before_it_was_ready_is_a_failed_dial_not_a_disconnect() -> None:
    peers = manager()
    peers.found(candidate(HIGH, 1), 0.0)
    assert peers.authenticated(Attempt(HIGH, 1, "c", only_dial(peers, 0.0)), 0.0) == Accept()
    assert peers.disconnected(HIGH, "c", "full", 0.0) == Changes()
    assert view(peers, HIGH).failures == 1
    assert peers.snapshot().failed == {"full": 1}
    assert 2.5 <= due(peers, 0.0) <= 5.0


def test_a_duplicate_is_no_failure_but_is_not_repeated_at_once() -> None:
    peers = manager(PeerOptions(disconnect_cooldown=2.0))
    peers.found(candidate(HIGH, 1), 0.0)
    peers.dial_failed(only_dial(peers, 0.0), "duplicate", 0.0, by_peer=True)
    assert view(peers, HIGH).failures == 0
    assert view(peers, HIGH).addresses[0].failures == 0
    assert 1.0 <= due(peers, 0.0) <= 2.0


def test_a_place_where_a_connected_peer_says_that_it_is_one_already_is_dialed_no_more() -> None:
    peers = manager(PeerOptions(disconnect_cooldown=2.0))
    there, other = place(1), place(2)
    assert peers.authenticated(Attempt(HIGH, 1, "c"), 0.0) == Accept()
    peers.found(Candidate(None, (there,), source="dns"), 0.0)
    peers.dial_failed(only_dial(peers, 0.0), "duplicate", 0.0, by_peer=True, who=HIGH)
    assert [each.endpoint for each in view(peers, HIGH).addresses] == [there]
    assert not peers.dials(1e6)
    peers.found(Candidate(None, (there, other), source="dns"), 0.0)
    peers.dial_failed(only_dial(peers, 0.0), "duplicate", 0.0, by_peer=True, who=LOW)
    assert [each.endpoint for each in view(peers, HIGH).addresses] == [there]
    assert peers.dials(1e6), "a stranger's word is none"


def test_failures_are_forgiven_only_after_a_connection_that_lasted() -> None:
    peers = manager(PeerOptions(stable_after=10.0))
    peers.found(candidate(HIGH, 1), 0.0)
    now = 0.0
    for count in (1, 2, 3):
        connect(peers, HIGH, "c", now, only_dial(peers, now))
        peers.disconnected(HIGH, "c", "eof", now + 9.9)
        assert view(peers, HIGH).failures == count
        now = due(peers, now + 9.9)
    connect(peers, HIGH, "c", now, only_dial(peers, now))
    peers.disconnected(HIGH, "c", "eof", now + 10.0)
    assert view(peers, HIGH).failures == 0


def test_after_a_disconnect_nobody_is_dialed_before_the_cooldown() -> None:
    peers = manager(PeerOptions(disconnect_cooldown=2.0, retry_jitter=0.5))
    peers.found(candidate(HIGH, 1), 0.0)
    connect(peers, HIGH, "c", 0.0, only_dial(peers, 0.0))
    peers.disconnected(HIGH, "c", "eof", 100.0)
    assert 101.0 <= due(peers, 100.0) <= 102.0


def test_reasons_from_peers_cannot_fill_the_memory() -> None:
    peers = manager(PeerOptions(min_retry=1e-9, max_retry=1e-9, max_retry_persistent=1.0))
    peers.found(candidate(HIGH, 1), 0.0)
    for number in range(200):
        peers.dial_failed(only_dial(peers, float(number)), f"made up {number}", float(number), by_peer=True)
    assert len(peers.snapshot().failed) <= 65
    assert sum(peers.snapshot().failed.values()) == 200
    peers.dial_failed(only_dial(peers, 200.0), "made up 0", 200.0, by_peer=True)
    assert peers.snapshot().failed["made up 0"] == 2


def test_a_connection_that_lasted_forgives_the_addresses_too_however_it_ended() -> None:
    for end in ("disconnect", "evict", "restart"):
        peers = manager(PeerOptions(stable_after=10.0))
        peers.found(candidate(HIGH, 1), 0.0)
        peers.dial_failed(only_dial(peers, 0.0), "refused", 0.0)
        peers.dial_failed(only_dial(peers, 5.0), "full", 5.0, by_peer=True)
        connect(peers, HIGH, "c", 20.0)
        if end == "disconnect":
            peers.disconnected(HIGH, "c", "eof", 30.0)
        elif end == "evict":
            peers.evict(HIGH, "operator", 30.0)
        else:
            connect(peers, HIGH, "d", 30.0, incarnation=2)
        one = view(peers, HIGH)
        assert (one.failures, one.addresses[0].failures) == (0, 0), end


def test_a_peer_that_dialed_us_and_left_before_it_was_ready_has_not_failed() -> None:
    peers = manager()
    peers.authenticated(Attempt(HIGH, 1, "c"), 0.0)
    peers.disconnected(HIGH, "c", "eof", 0.0)
    assert view(peers, HIGH).failures == 0


def test_when_all_addresses_wait_the_one_that_is_due_first_is_next_and_else_the_best() -> None:
    peers = manager(PeerOptions(min_retry=1.0, max_retry=64.0, retry_jitter=0.0))
    peers.found(candidate(HIGH, 1, 2), 0.0)
    peers.dial_failed(only_dial(peers, 0.0), "refused", 0.0)  # port 1, due at 1
    peers.dial_failed(only_dial(peers, 0.5), "refused", 0.5)  # port 2, due at 1.5
    assert due(peers, 0.5) == 1.0
    peers.dial_failed(only_dial(peers, 1.0), "refused", 1.0)  # port 1, due at 3
    assert due(peers, 1.0) == 1.5
    assert only_dial(peers, 10.0).endpoint == place(2)  # both due: fewest failures first


def test_a_dial_refused_for_want_of_a_slot_is_not_repeated_at_once() -> None:
    peers = manager(PeerOptions(max_connected=1, disconnect_cooldown=2.0))
    peers.found(candidate(HIGH, 1), 0.0)
    dial = only_dial(peers, 0.0)
    connect(peers, LOW, "a", 0.0)
    peers.authenticated(Attempt(HIGH, 1, "b", dial), 0.0)
    peers.disconnected(LOW, "a", "eof", 0.0)
    assert peers.dials(0.0) == []
    assert due(peers, 0.0) >= 1.0


def test_a_persistent_peer_is_retried_for_ever_within_its_own_cap() -> None:
    peers = manager(PeerOptions(max_retry=300.0, max_retry_persistent=5.0))
    peers.add_persistent(place(1).with_peer(HIGH), 0.0)
    now = 0.0
    for _ in range(200):
        peers.dial_failed(only_dial(peers, now), "refused", now)
        wait = due(peers, now) - now
        assert wait <= 5.0
        now += wait
