"""What is remembered of one peer: what it is worth, how long it is left alone, and what a success wipes out."""

from __future__ import annotations

import random

import pytest

from peerbus.discovery.facts.commands import Dial
from peerbus.discovery.facts.connection_view import PeerConnectionView
from peerbus.discovery.facts.scores import MAX_SCORE, Score, ScoreReason
from peerbus.discovery.peer.addresses import SEED
from peerbus.discovery.peer.known_peer import MAX_FAILURE_COST, KnownPeer
from peerbus.discovery.peer.lifecycle import PeerState, PeerStep
from peerbus.discovery.peer.options import PeerOptions
from peerbus.transports.rules import Permissions
from peerbus.transports.streams.endpoint import Endpoint

PLACE, OTHER = (Endpoint.parse(f"tcp://10.0.0.{number}:7400") for number in (1, 2))
SURE = PeerOptions(retry_jitter=0.0)
RNG = random.Random(0)


def peer() -> KnownPeer:
    found = KnownPeer("a" * 64, 0.0, Score(3600.0))
    found.addresses.replace([PLACE, OTHER], "mdns")
    return found


def test_its_rank_is_what_it_earned_less_what_dialing_it_cost_in_vain() -> None:
    one = peer()
    one.score.add(ScoreReason.USEFUL, 0.0, 3)
    assert one.rank(0.0) == pytest.approx(3)
    one.failed(0.0, SURE, RNG)
    one.address_failed(Dial(1, PLACE, None), 0.0, SURE, RNG)
    one.address_failed(Dial(2, OTHER, None), 0.0, SURE, RNG)
    assert one.rank(0.0) < 3
    for _ in range(2 * MAX_FAILURE_COST):
        one.failed(0.0, SURE, RNG)
    assert one.rank(0.0) == pytest.approx(3 - MAX_FAILURE_COST)


def test_the_operators_word_stands_above_what_it_earned() -> None:
    fixed, unconditional, persistent = peer(), peer(), peer()
    fixed.fixed_score = -7.0
    fixed.score.add(ScoreReason.USEFUL, 0.0, 3)
    assert fixed.rank(0.0) == -7.0
    unconditional.unconditional = True
    persistent.addresses.configure(PLACE)
    for kept in (unconditional, persistent):
        kept.failed(0.0, SURE, RNG)
        assert kept.kept
        assert kept.rank(0.0) == MAX_SCORE
    assert (unconditional.persistent, persistent.persistent) == (False, True)


def test_one_that_turned_us_away_waits_longer_each_time_and_at_least_as_long_as_it_said() -> None:
    one, waits = peer(), []
    for now in (0.0, 1000.0, 2000.0):
        one.failed(now, SURE, RNG)
        waits.append(one.retry_at - now)
    assert waits == sorted(set(waits))
    full = peer()
    full.failed(0.0, SURE, RNG, at_least=5.0)
    assert full.retry_at == 5.0


def test_after_a_disconnect_it_is_left_alone_and_a_seed_that_was_visited_for_longer() -> None:
    one, seed = peer(), peer()
    seed.addresses.add(PLACE, SEED)
    one.rest(0.0, SURE, RNG)
    seed.rest(0.0, SURE, RNG)
    assert one.retry_at == seed.retry_at == seed.retry_alone_at == SURE.disconnect_cooldown
    seed.rest(0.0, SURE, RNG, visited=True)
    assert (seed.retry_at, seed.retry_alone_at) == (SURE.seed_cooldown, SURE.disconnect_cooldown)
    one.rest(0.0, SURE, RNG)
    assert one.retry_at == SURE.disconnect_cooldown
    assert one.backoff.failures == 0


def test_a_node_that_is_alone_visits_a_seed_less_and_less_often_and_anew_after_a_long_time() -> None:
    seed, waits, now = peer(), list[float](), 0.0
    for _ in range(8):
        seed.rest(now, SURE, RNG, visited=True)
        waits.append(seed.retry_alone_at - now)
        now = seed.retry_alone_at
    assert waits == [2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]
    now += 2 * SURE.seed_cooldown
    seed.rest(now, SURE, RNG, visited=True)
    assert seed.retry_alone_at - now == SURE.disconnect_cooldown
    seed.wake()
    assert seed.retry_at < now


def test_one_that_is_hurried_is_dialed_once_at_the_address_that_is_due_first_and_its_failures_stay() -> None:
    one = peer()
    for _ in range(9):
        one.address_failed(Dial(1, PLACE, None), 0.0, SURE, RNG)
        one.address_failed(Dial(2, OTHER, None), 1.0, SURE, RNG)
    one.hurry(2.0)
    assert [(address.backoff.until <= 2.0, address.backoff.failures) for address in one.addresses] == [
        (True, 9),
        (False, 9),
    ]


def test_one_that_is_needed_is_tried_as_often_as_a_persistent_one() -> None:
    ordinary, needed = peer(), peer()
    needed.needed = True
    for _ in range(30):
        ordinary.failed(0.0, SURE, RNG)
        needed.failed(0.0, SURE, RNG)
    assert (ordinary.retry_at, needed.retry_at) == (SURE.max_retry, SURE.max_retry_persistent)


def test_a_connection_wipes_out_what_others_told_and_why_it_was_given_up() -> None:
    one = KnownPeer("a" * 64, 0.0, Score(3600.0), told_by="b" * 64, told_from="10.9.0.0/16", inactive="network")
    one.proved(7.0)
    assert (one.last_connected, one.told_by, one.told_from, one.inactive) == (7.0, None, None, "")


def test_only_the_address_that_did_not_answer_waits() -> None:
    one = peer()
    one.address_failed(Dial(1, PLACE, None), 5.0, SURE, RNG)
    failed, other = one.addresses.find(PLACE), one.addresses.find(OTHER)
    assert failed is not None
    assert other is not None
    assert (failed.last_failure, failed.backoff.failures, other.backoff.failures) == (5.0, 1, 0)
    one.address_failed(Dial(2, Endpoint.parse("tcp://10.9.9.9:1"), None), 5.0, SURE, RNG)
    assert len(one.addresses) == 2


def test_it_holds_a_slot_and_is_up_as_its_life_says_and_knows_who_dialed() -> None:
    one = peer()
    one.dial = Dial(1, PLACE, None)
    one.step(PeerStep.CLAIM)
    assert (one.state, one.linked, one.up, one.outgoing) == (PeerState.DIALING, False, False, True)
    one.dial = None
    one.connections.append(PeerConnectionView("key", 1, None))
    one.step(PeerStep.ADMIT)
    assert (one.linked, one.up, one.outgoing) == (True, False, False)
    one.step(PeerStep.READY)
    assert (one.linked, one.up) == (True, True)
    one.connections.append(PeerConnectionView("other", 1, PLACE))
    assert one.outgoing


def test_a_claim_of_a_finder_is_believed_once_a_certificate_has_borne_it_out() -> None:
    one = peer()
    one.roles = ("replica", "index")
    one.rules.set(Permissions(roles={"replica": ["role:replica"], "index": ["role:index"]}))
    assert list(map(list, one.claims)) == [[], ["replica", "index"]]
    one.offers = ("replica{shard=3}",)  # its certificate says so
    assert list(map(list, one.claims)) == [["replica"], ["index"]]
    one.rules.set(Permissions(roles={"replica": ["f" * 64]}))  # nor does what it said count under other rules
    assert list(map(list, one.claims)) == [["index"], ["replica"]]
