"""Better peers take the places of worse ones, and what else the operator's list of rules asks of the peer manager."""

from __future__ import annotations

import random

import pytest

from peerbus.actors.base.errors import ConfigError
from peerbus.discovery.facts.commands import Attempt, Changes, Dial, Refuse
from peerbus.discovery.facts.connection_view import Direction
from peerbus.discovery.facts.events import Candidate, PeerDown, PeerUp
from peerbus.discovery.facts.scores import ScoreReason
from peerbus.discovery.mind.manager import PeerManager
from peerbus.discovery.mind.snapshot import PeerView
from peerbus.discovery.peer.options import PeerOptions
from peerbus.transports.streams.endpoint import Endpoint

SELF, A, B, C, D = "5" * 64, "a" * 64, "b" * 64, "c" * 64, "d" * 64


def place(number: int) -> Endpoint:
    return Endpoint("tcp", host="10.0.0.1", port=number)


def manager(connected: int = 1, upgrade: int = 1, tenure: float = 0.0) -> PeerManager:
    options = PeerOptions(max_connected=connected, max_connected_upgrade=upgrade, upgrade_tenure=tenure)
    return PeerManager(SELF, options, random.Random(0))


def know(peers: PeerManager, node_id: str, score: int) -> None:
    peers.found(Candidate(node_id, (place(int(node_id[0], 16)),)), 0.0)
    if score > 0:
        peers.useful(node_id, 0.0, score)
    for _ in range(-score):
        peers.misbehaved(node_id, ScoreReason.USELESS, 0.0)


def arrive(peers: PeerManager, node_id: str, dial: Dial | None = None, now: float = 0.0) -> str:
    """The reason of the refusal, or "" for a connection that is accepted and not ready yet."""
    verdict = peers.authenticated(Attempt(node_id, 1, f"{node_id} {dial}", dial), now)
    return verdict.reason if isinstance(verdict, Refuse) else ""


def ready(peers: PeerManager, node_id: str, dial: Dial | None = None, now: float = 0.0) -> list[str]:
    """Who leaves for it."""
    return [close.node_id for close in peers.ready(node_id, f"{node_id} {dial}", now).close]


def gone(peers: PeerManager, node_id: str, dial: Dial | None = None) -> Changes:
    return peers.disconnected(node_id, f"{node_id} {dial}", "eof", 0.0)


def view(peers: PeerManager, node_id: str) -> PeerView:
    (one,) = [peer for peer in peers.snapshot().peers if peer.node_id == node_id]
    return one


def test_a_higher_ranked_peer_is_dialed_when_all_slots_are_taken_and_one_that_is_not_better_is_not() -> None:
    peers = manager()
    assert arrive(peers, A) == ""
    ready(peers, A)
    know(peers, B, 0)
    assert peers.dials(0.0) == []
    know(peers, C, 5)
    (dial,) = peers.dials(0.0)
    assert dial.node_id == C
    peers.dial_failed(dial, "unreachable", 0.0)
    without = manager(upgrade=0)
    arrive(without, A)
    know(without, C, 5)
    assert without.dials(0.0) == []


def test_where_we_may_dial_no_more_a_better_peer_takes_the_place_of_one_that_we_dialed() -> None:
    options = PeerOptions(max_connected=3, max_connected_upgrade=1, max_outgoing=1, upgrade_tenure=0.0)
    peers = PeerManager(SELF, options, random.Random(0))
    know(peers, A, 1)
    (dial,) = peers.dials(0.0)
    assert arrive(peers, A, dial) == ""
    ready(peers, A, dial)
    assert arrive(peers, B) == ""  # it came by itself, and ranks lower
    ready(peers, B)
    know(peers, C, 50)
    (better,) = peers.dials(0.0)
    assert arrive(peers, C, better) == ""
    assert ready(peers, C, better) == [A]


def test_the_peer_that_leaves_is_claimed_by_one_and_free_again_when_its_dial_fails() -> None:
    peers = manager(upgrade=2)
    arrive(peers, A)
    ready(peers, A)
    know(peers, B, 5)
    know(peers, C, 6)
    (dial,) = peers.dials(0.0)
    assert dial.node_id == C  # the best first; B would need the same place
    peers.dial_failed(dial, "unreachable", 0.0)
    assert [again.node_id for again in peers.dials(0.0)] == [B]


def test_who_is_replaced_leaves_when_the_newcomer_is_ready_and_not_before() -> None:
    peers = manager()
    arrive(peers, A)
    ready(peers, A)
    know(peers, B, 5)
    (dial,) = peers.dials(0.0)
    assert arrive(peers, B, dial) == ""
    assert view(peers, A).up
    assert peers.ready(B, f"{B} {dial}", 0.0).events == (PeerUp(B, 1, Direction.DIALED), PeerDown(A, "upgraded"))
    assert gone(peers, A) == Changes()
    assert [peer.node_id for peer in peers.snapshot().peers if peer.up] == [B]


def test_a_newcomer_that_dies_half_way_has_cost_nobody_a_place() -> None:
    peers = manager()
    arrive(peers, A)
    ready(peers, A)
    know(peers, B, 5)
    (dial,) = peers.dials(0.0)
    arrive(peers, B, dial)
    assert gone(peers, B, dial) == Changes()
    assert view(peers, A).up


def test_while_one_is_replaced_no_further_newcomer_fits() -> None:
    peers = manager(connected=2)
    for now, node_id in enumerate((A, B)):
        arrive(peers, node_id, now=now)
        ready(peers, node_id, now=now)
    know(peers, C, 5)
    know(peers, D, 6)
    assert arrive(peers, D, now=2.0) == ""
    assert ready(peers, D, now=2.0) == [B]  # of equals the last to come
    assert arrive(peers, C, now=2.0) == "full"
    gone(peers, B)
    assert arrive(peers, C) == ""


def test_the_lowest_of_the_moment_leaves_though_another_was_meant() -> None:
    peers = manager(connected=2)
    for node_id in (A, B):
        arrive(peers, node_id)
        ready(peers, node_id)
    peers.useful(A, 0.0, 2)
    know(peers, C, 9)
    (dial,) = peers.dials(0.0)
    peers.useful(B, 0.0, 4)  # B was the lowest when C was dialed
    arrive(peers, C, dial)
    assert ready(peers, C, dial) == [A]


def test_nobody_leaves_when_a_slot_became_free_meanwhile() -> None:
    peers = manager(connected=2)
    for node_id in (A, B):
        arrive(peers, node_id)
        ready(peers, node_id)
    know(peers, C, 9)
    (dial,) = peers.dials(0.0)
    gone(peers, A)
    arrive(peers, C, dial)
    assert ready(peers, C, dial) == []


def test_who_comes_by_itself_when_all_is_full_must_be_better_and_an_equal_is_refused_afterwards_too() -> None:
    peers = manager()
    arrive(peers, A)
    ready(peers, A)
    assert arrive(peers, D) == "full"
    know(peers, B, 5)
    know(peers, C, 9)
    assert arrive(peers, B) == ""
    assert arrive(peers, C) == "full"
    assert ready(peers, B) == [A]
    gone(peers, A)
    know(peers, D, 5)
    assert arrive(peers, D) == "full"


def test_a_place_that_a_dial_has_claimed_is_for_that_peer_also_when_it_comes_by_itself() -> None:
    peers = manager(upgrade=2)
    arrive(peers, A)
    ready(peers, A)
    know(peers, B, 5)
    (dial,) = peers.dials(0.0)
    know(peers, C, 9)
    assert arrive(peers, C) == "full"
    assert arrive(peers, B) == ""
    # The smaller id's own dial wins, on both sides.
    assert arrive(peers, B, dial) == ""
    assert ready(peers, B, dial) == [B, A]


def test_nobody_is_replaced_by_rank_before_it_had_its_time() -> None:
    peers = manager(tenure=30.0)
    arrive(peers, A)
    ready(peers, A)
    know(peers, B, 5)
    assert arrive(peers, B, now=29.0) == "full"
    assert peers.next_due(0.0) == 30.0
    assert len(peers.dials(30.0)) == 1


def test_an_unconditional_peer_is_accepted_when_all_other_slots_are_taken() -> None:
    options = PeerOptions(max_connected=2, unconditional=frozenset({D}))
    peers = PeerManager(SELF, options, random.Random(0))
    assert arrive(peers, A) == ""
    assert arrive(peers, B) == "full"
    assert arrive(peers, D) == ""


def test_this_node_itself_is_refused_when_it_comes_in() -> None:
    assert arrive(manager(), SELF) == "self_dial"


def test_ids_are_checked_where_they_are_written_down() -> None:
    for node_id in ("A" * 64, "a" * 63, ""):
        with pytest.raises(ConfigError, match="no node id"):
            PeerOptions(unconditional=frozenset({node_id}))
        with pytest.raises(ValueError, match="node id"):
            PeerManager(node_id, PeerOptions(), random.Random(0))
    with pytest.raises(ValueError, match=r"node id|peer id|64"):
        Endpoint.parse(f"tcp://{'A' * 64}@10.0.0.1:1")


def test_a_node_that_is_found_is_due_at_once() -> None:
    peers = manager()
    assert peers.next_due(7.0) is None
    know(peers, A, 0)
    assert peers.next_due(7.0) == 7.0


def test_a_dial_to_an_address_that_was_taken_back_leaves_nothing_behind() -> None:
    peers = manager()
    know(peers, A, 0)
    (dial,) = peers.dials(0.0)
    peers.lost(A, "mdns", 0.0)
    peers.dial_failed(dial, "unreachable", 0.0)
    assert view(peers, A).addresses == ()
    assert peers.snapshot().dialing == 0
    peers.dial_failed(Dial(999, place(1), B), "unreachable", 0.0)
    assert [peer.node_id for peer in peers.snapshot().peers] == [A]


def test_an_eviction_of_who_is_not_there_has_no_effect_later_either() -> None:
    peers = manager()
    know(peers, A, 0)
    assert peers.evict(A, "operator", 0.0) == Changes()
    assert peers.evict(B, "operator", 0.0) == Changes()
    arrive(peers, A)
    ready(peers, A)
    assert view(peers, A).up


def test_points_are_counted_at_once_and_never_lift_a_peer_to_those_that_the_operator_wants() -> None:
    peers = manager()
    arrive(peers, A)
    peers.useful(A, 0.0, 9)
    assert view(peers, A).score == 9.0
    peers.misbehaved(A, ScoreReason.USELESS, 0.0)
    assert view(peers, A).score == 8.0
    for _ in range(3000):
        peers.useful(A, 0.0)
    assert view(peers, A).score == 999.0


def test_a_report_of_a_node_that_nobody_knows_enters_nobody() -> None:
    peers = manager()
    assert peers.misbehaved(A, ScoreReason.FORGED_RECORD, 0.0) == Changes()
    peers.useful(A, 0.0)
    assert peers.snapshot().peers == ()
    with pytest.raises(ValueError, match="no misbehaviour"):
        peers.misbehaved(A, ScoreReason.USEFUL, 0.0)


@pytest.mark.parametrize(("better", "worse"), [(100, -90), (0, -90), (300, 256)])
def test_the_higher_score_is_dialed_first_as_soon_as_it_has_it(better: int, worse: int) -> None:
    peers = manager(connected=4)
    know(peers, A, worse)
    know(peers, B, better)
    assert [dial.node_id for dial in peers.dials(0.0)] == [B, A]


def test_a_peer_says_when_it_was_reached_last_and_when_not() -> None:
    peers = manager()
    know(peers, A, 0)
    assert (view(peers, A).addresses[0].last_success, view(peers, A).addresses[0].last_failure) == (None, None)
    (dial,) = peers.dials(1.0)
    arrive(peers, A, dial, now=1.0)
    ready(peers, A, dial, now=2.0)
    assert view(peers, A).addresses[0].last_success == 2.0
    peers.disconnected(A, f"{A} {dial}", "eof", 50.0)
    (dial,) = peers.dials(60.0)
    peers.dial_failed(dial, "unreachable", 61.0)
    address = view(peers, A).addresses[0]
    assert (address.last_success, address.last_failure, view(peers, A).last_connected) == (2.0, 61.0, 2.0)


def test_an_inactive_peer_that_comes_by_itself_is_active_again() -> None:
    peers = manager()
    know(peers, A, 0)
    peers.dial_failed(peers.dials(0.0)[0], "network", 0.0, by_peer=True)
    assert peers.dials(1e6) == []
    arrive(peers, A, now=1e6)
    ready(peers, A, now=1e6)
    assert view(peers, A).inactive == ""


def test_without_a_limit_of_connections_a_clumsy_peer_is_not_parted_with() -> None:
    peers = PeerManager(SELF, PeerOptions(max_connected=None, max_known=None), random.Random(0))
    arrive(peers, A)
    ready(peers, A)
    assert peers.misbehaved(A, ScoreReason.PROTOCOL, 0.0) == Changes()
    assert view(peers, A).up
