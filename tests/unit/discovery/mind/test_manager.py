"""The peer manager, one named test per behaviour."""

from __future__ import annotations

import random

import pytest

from peerbus.actors.base.errors import ConfigError
from peerbus.discovery.facts.commands import Accept, Attempt, Changes, CloseConnection, Dial, Refuse
from peerbus.discovery.facts.connection_view import Direction
from peerbus.discovery.facts.events import Candidate, PeerDown, PeerEvent, PeerUp
from peerbus.discovery.mind.manager import PeerManager
from peerbus.discovery.mind.snapshot import PeerView
from peerbus.discovery.peer.lifecycle import PeerState
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


# -- finding and dialing


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


# -- backoff


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


# -- persistent peers


def test_a_persistent_peer_is_retried_for_ever_within_its_own_cap() -> None:
    peers = manager(PeerOptions(max_retry=300.0, max_retry_persistent=5.0))
    peers.add_persistent(place(1).with_peer(HIGH), 0.0)
    now = 0.0
    for _ in range(200):
        peers.dial_failed(only_dial(peers, now), "refused", now)
        wait = due(peers, now) - now
        assert wait <= 5.0
        now += wait


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


# -- limits


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


# -- up and down


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


# -- two connections to one peer


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


# -- a peer that leaves


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
