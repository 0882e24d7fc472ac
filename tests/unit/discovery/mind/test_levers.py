"""What the operator may do to the peer manager while it runs, and how it is refused."""

from __future__ import annotations

import ipaddress
import math
import random

from peerbus.discovery.facts.bans import MAX_BANS, Ban, ban_target
from peerbus.discovery.facts.commands import Accept, Attempt, Changes, CloseConnection, Refuse
from peerbus.discovery.facts.events import Candidate, PeerBanned, PeerDown, PeerUnbanned
from peerbus.discovery.mind.manager import PeerManager
from peerbus.discovery.mind.snapshot import PeerView
from peerbus.discovery.peer.lifecycle import PeerState
from peerbus.discovery.peer.options import PeerOptions
from peerbus.transports.streams.endpoint import Endpoint

SELF, LOW, HIGH, OTHER = "5" * 64, "1" * 64, "9" * 64, "8" * 64


def place(number: int) -> Endpoint:
    return Endpoint("tcp", host="10.0.0.1", port=number)


def manager(options: PeerOptions | None = None) -> PeerManager:
    return PeerManager(SELF, options or PeerOptions(), random.Random(0))


def connect(peers: PeerManager, node_id: str, now: float = 0.0, host: str | None = None) -> None:
    assert peers.authenticated(Attempt(node_id, 1, node_id, host=host), now) == Accept()
    peers.ready(node_id, node_id, now)


def view(peers: PeerManager, node_id: str) -> PeerView:
    (one,) = [peer for peer in peers.snapshot().peers if peer.node_id == node_id]
    return one


def refusal(verdict: Changes | Refuse) -> str:
    assert isinstance(verdict, Refuse), verdict
    assert verdict.text
    return verdict.reason


def done(verdict: Changes | Refuse) -> Changes:
    assert isinstance(verdict, Changes), verdict
    return verdict


def test_a_known_peer_that_waits_is_dialed_at_once() -> None:
    peers = manager()
    peers.found(Candidate(HIGH, (place(1),)), 0.0)
    for now in (0.0, 100.0, 200.0):
        for dial in peers.dials(now):
            peers.dial_failed(dial, "full", now, by_peer=True)
    assert peers.dials(200.0) == []
    done(peers.levers.dial(HIGH, 200.0))
    assert [dial.node_id for dial in peers.dials(200.0)] == [HIGH]
    assert refusal(peers.levers.dial(HIGH, 200.0)) == "connected"


def test_a_peer_that_cannot_be_dialed_is_refused_with_the_reason() -> None:
    peers = manager()
    assert refusal(peers.levers.dial(HIGH, 0.0)) == "unknown_peer"
    connect(peers, LOW)
    peers.disconnected(LOW, LOW, "eof", 20.0)
    assert refusal(peers.levers.dial(LOW, 20.0)) == "no_address"
    peers.found(Candidate(HIGH, (place(1),)), 0.0)
    peers.levers.ban(HIGH, 100.0, "operator", 0.0)
    assert refusal(peers.levers.dial(HIGH, 0.0)) == "banned"
    peers.levers.unban(HIGH, 0.0)
    peers.levers.drain(on=True, now=0.0)
    assert refusal(peers.levers.dial(HIGH, 0.0)) == "draining"


def test_a_peer_is_disconnected_once() -> None:
    peers = manager()
    assert refusal(peers.levers.disconnect(HIGH, "operator", 0.0)) == "unknown_peer"
    connect(peers, HIGH)
    changes = done(peers.levers.disconnect(HIGH, "operator", 1.0))
    assert changes == Changes((PeerDown(HIGH, "operator"),), (CloseConnection(HIGH, HIGH, "operator"),))
    assert refusal(peers.levers.disconnect(HIGH, "operator", 1.0)) == "not_connected"


def test_a_ban_by_id_parts_with_the_peer_and_keeps_it_out_until_it_ends() -> None:
    peers = manager()
    peers.found(Candidate(HIGH, (place(1),)), 0.0)
    connect(peers, HIGH)
    ban = Ban(HIGH, 100.0, "operator")
    changes = done(peers.levers.ban(HIGH, 100.0, "operator", 20.0))
    assert changes == Changes((PeerBanned(ban), PeerDown(HIGH, "banned")), (CloseConnection(HIGH, HIGH, "banned"),))
    peers.disconnected(HIGH, HIGH, "banned", 20.0)
    assert peers.dials(99.0) == []
    assert isinstance(peers.authenticated(Attempt(HIGH, 1, "in"), 99.0), Refuse)
    assert peers.next_due(99.0) == 100.0
    assert peers.expire(100.0) == Changes((PeerUnbanned(HIGH),))
    assert [dial.node_id for dial in peers.dials(100.0)] == [HIGH]


def test_a_ban_of_a_network_parts_with_all_in_it_and_hides_their_addresses() -> None:
    peers = manager()
    peers.found(Candidate(HIGH, (place(1),)), 0.0)
    connect(peers, LOW, host="10.0.0.7")
    connect(peers, OTHER, host="10.9.0.7")
    changes = done(peers.levers.ban(ban_target("10.0.0.0/24"), math.inf, "operator", 1.0))
    assert [close.node_id for close in changes.close] == [LOW]
    assert peers.dials(1.0) == []
    verdict = peers.authenticated(Attempt("2" * 64, 1, "in", host="10.0.0.9"), 1.0)
    assert isinstance(verdict, Refuse)
    assert verdict.reason == "banned"
    assert refusal(peers.levers.unban(ban_target("10.0.0.9"), 1.0)) == "not_banned"
    done(peers.levers.unban(ban_target("10.0.0.0/24"), 1.0))
    assert [dial.node_id for dial in peers.dials(1.0)] == [HIGH]


def test_when_a_ban_is_lifted_the_peer_waits_for_nothing_and_is_dialed_at_once() -> None:
    for target in (HIGH, "10.0.0.0/24"):
        peers = manager()
        connect(peers, LOW)  # so that it is not alone
        peers.found(Candidate(HIGH, (place(1),)), 0.0)
        connect(peers, HIGH)
        done(peers.levers.ban(ban_target("10.9.0.0/16"), 100.0, "operator", 20.0))
        done(peers.levers.ban(ban_target(target), 3600.0, "operator", 20.0))
        peers.levers.disconnect(HIGH, "operator", 20.0)
        peers.disconnected(HIGH, HIGH, "banned", 20.0)
        done(peers.levers.unban(ban_target("10.9.0.0/16"), 20.5))
        assert peers.dials(20.5) == []  # that was another's
        done(peers.levers.unban(ban_target(target), 21.0))
        assert (view(peers, HIGH).last_reason, view(peers, HIGH).retry_at) == ("", None)
        assert [dial.node_id for dial in peers.dials(21.0)] == [HIGH]


def test_a_ban_stands_above_a_persistent_peer() -> None:
    peers = manager()
    peers.add_persistent(place(1).with_peer(HIGH), 0.0)
    peers.levers.ban(HIGH, 50.0, "operator", 0.0)
    assert peers.dials(49.0) == []
    peers.expire(50.0)
    assert len(peers.dials(50.0)) == 1


def test_bans_that_make_no_sense_are_refused() -> None:
    peers = manager()
    assert refusal(peers.levers.ban(SELF, 10.0, "operator", 0.0)) == "self"
    assert refusal(peers.levers.ban(HIGH, 10.0, "operator", 10.0)) == "past"
    assert refusal(peers.levers.ban(HIGH, math.nan, "operator", 10.0)) == "past"
    assert refusal(peers.levers.unban(HIGH, 10.0)) == "not_banned"


def test_a_persistent_peer_that_is_added_gets_its_slot_from_the_lowest_ranked() -> None:
    peers = manager(PeerOptions(max_connected=2))
    connect(peers, LOW)
    connect(peers, OTHER)
    peers.useful(OTHER, 0.0)
    changes = done(peers.levers.add_persistent(place(1).with_peer(HIGH), 1.0))
    assert [close.node_id for close in changes.close] == [LOW]
    assert refusal(peers.levers.add_persistent(place(1).with_peer(HIGH), 1.0)) == "already"
    assert refusal(peers.levers.add_persistent(place(2).with_peer(SELF), 1.0)) == "self"
    done(peers.levers.add_persistent(place(3), 1.0))
    assert refusal(peers.levers.add_persistent(place(4), 1.0)) == "full"


def test_a_persistent_peer_that_is_removed_stays_connected_in_an_ordinary_slot() -> None:
    peers = manager()
    peers.add_persistent(place(1).with_peer(HIGH), 0.0)
    (dial,) = peers.dials(0.0)
    assert peers.authenticated(Attempt(HIGH, 1, "out", dial), 0.0) == Accept()
    peers.ready(HIGH, "out", 0.0)
    done(peers.levers.remove_persistent(place(1).with_peer(HIGH)))
    assert view(peers, HIGH).state is PeerState.READY
    assert not view(peers, HIGH).persistent
    # It answered there, so the address stays as one like any other.
    assert [address.endpoint for address in view(peers, HIGH).addresses] == [place(1)]
    assert refusal(peers.levers.remove_persistent(place(1).with_peer(HIGH))) == "not_persistent"


def test_an_address_without_an_id_can_be_removed_before_and_after_somebody_answered() -> None:
    peers = manager()
    peers.add_persistent(place(1), 0.0)
    done(peers.levers.remove_persistent(place(1)))
    assert peers.snapshot().peers == ()
    peers.add_persistent(place(1), 0.0)
    (dial,) = peers.dials(0.0)
    peers.authenticated(Attempt(HIGH, 1, "c", dial), 0.0)
    peers.ready(HIGH, "c", 0.0)
    done(peers.levers.remove_persistent(place(1)))
    assert not view(peers, HIGH).persistent


def test_a_seed_is_dialed_only_while_nobody_else_can_be() -> None:
    peers = manager(PeerOptions(min_retry=5.0, retry_jitter=0.0, seed_cooldown=60.0))
    connect(peers, LOW)  # so that it is not alone
    done(peers.levers.add_seed(place(9), 0.0))
    assert refusal(peers.levers.add_seed(place(9), 0.0)) == "already"
    peers.found(Candidate(HIGH, (place(1),)), 0.0)
    (dial,) = peers.dials(0.0)
    assert dial.node_id == HIGH
    peers.dial_failed(dial, "unreachable", 0.0)
    (dial,) = peers.dials(0.0)
    assert dial.endpoint == place(9)
    peers.authenticated(Attempt(OTHER, 1, "seed", dial), 0.0)
    peers.ready(OTHER, "seed", 0.0)
    assert view(peers, OTHER).seed
    assert not view(peers, OTHER).persistent
    peers.disconnected(OTHER, "seed", "seed", 3.0)
    assert view(peers, OTHER).failures == 0
    (dial,) = peers.dials(5.0)
    assert dial.node_id == HIGH
    peers.dial_failed(dial, "unreachable", 5.0)
    peers.lost(HIGH, "mdns", 6.0)
    assert peers.dials(62.0) == []
    assert [d.node_id for d in peers.dials(63.0)] == [OTHER]
    done(peers.levers.remove_seed(place(9)))
    assert refusal(peers.levers.remove_seed(place(9))) == "not_seed"


def seeds_of(*numbers: int) -> PeerManager:
    """A node that knows these seeds alone and is connected to each."""
    peers = manager(PeerOptions(retry_jitter=0.0))
    for number in numbers:
        done(peers.levers.add_seed(place(number).with_peer(f"{number}" * 64), 0.0))
    for dial in peers.dials(0.0):
        assert dial.node_id is not None
        peers.authenticated(Attempt(dial.node_id, 1, dial.node_id, dial), 0.0)
        peers.ready(dial.node_id, dial.node_id, 0.0)
    return peers


def test_a_seed_that_ends_is_dialed_again_as_any_other_peer_and_not_after_the_cooldown_of_a_visit() -> None:
    peers = seeds_of(1, 2)
    peers.leaving("1" * 64, "peer_draining", 20.0)
    peers.disconnected("1" * 64, "1" * 64, "peer_draining", 20.0)
    assert peers.dials(21.9) == []
    assert [dial.node_id for dial in peers.dials(22.0)] == ["1" * 64]


def test_a_node_that_is_alone_dials_the_seed_that_it_has_just_visited_again() -> None:
    peers = seeds_of(1)
    peers.disconnected("1" * 64, "1" * 64, "seed", 3.0)
    assert peers.next_due(3.0) == 5.0
    assert [dial.node_id for dial in peers.dials(5.0)] == ["1" * 64]


def test_when_the_last_peer_says_that_it_goes_the_others_are_dialed_before_it_is_gone() -> None:
    peers = seeds_of(1, 2)
    peers.disconnected("1" * 64, "1" * 64, "eof", 20.0)
    now = 22.0
    for _ in range(9):
        (dial,) = peers.dials(now)
        peers.dial_failed(dial, "unreachable", now)
        now = peers.next_due(now) or now
    assert peers.dials(now - 5.0) == []
    peers.leaving("2" * 64, "peer_draining", now - 5.0)
    assert [dial.node_id for dial in peers.dials(now - 5.0)] == ["1" * 64]
    assert view(peers, "2" * 64).state is PeerState.EVICTING


def test_a_score_that_the_operator_fixes_is_the_rank_until_he_lets_go() -> None:
    peers = manager()
    assert refusal(peers.levers.set_score(HIGH, 5.0)) == "unknown_peer"
    connect(peers, HIGH)
    peers.useful(HIGH, 0.0, 3)
    assert refusal(peers.levers.set_score(HIGH, 1001.0)) == "bounds"
    done(peers.levers.set_score(HIGH, -7.0))
    assert view(peers, HIGH).score == -7.0
    done(peers.levers.set_score(HIGH, None))
    assert view(peers, HIGH).score == 3.0
    peers.add_persistent(place(1).with_peer(HIGH), 0.0)
    assert refusal(peers.levers.set_score(HIGH, 5.0)) == "kept"


def test_a_node_that_is_emptied_parts_with_all_lets_nobody_in_and_dials_nobody_until_that_ends() -> None:
    peers = manager()
    peers.found(Candidate(HIGH, (place(1),)), 0.0)
    connect(peers, LOW)
    connect(peers, OTHER)
    dialed = peers.dials(0.0)
    changes = done(peers.levers.drain(on=True, now=0.0))
    assert {close.node_id for close in changes.close} == {LOW, OTHER}
    assert refusal(peers.levers.drain(on=True, now=0.0)) == "already"
    for dial in dialed:
        verdict = peers.authenticated(Attempt(HIGH, 1, "late", dial), 0.0)
        assert isinstance(verdict, Refuse)
        assert verdict.reason == "draining"
    assert peers.dials(1000.0) == []
    assert peers.next_due(1000.0) is None
    done(peers.levers.drain(on=False, now=1000.0))
    assert [dial.node_id for dial in peers.dials(1000.0)] == [HIGH]


def test_an_inactive_peer_is_dialed_again_when_the_operator_says_so() -> None:
    peers = manager()
    peers.found(Candidate(HIGH, (place(1),)), 0.0)
    peers.dial_failed(peers.dials(0.0)[0], "network", 0.0, by_peer=True)
    assert view(peers, HIGH).inactive == "network"
    assert peers.next_due(1e6) is None
    done(peers.levers.dial(HIGH, 1e6))
    assert len(peers.dials(1e6)) == 1


def test_a_node_that_is_forgotten_is_pinned_nowhere_and_its_address_takes_whoever_answers() -> None:
    peers = manager()
    peers.add_persistent(place(1), 0.0)
    (dial,) = peers.dials(0.0)
    assert peers.authenticated(Attempt(LOW, 1, "key", dial), 0.0) == Accept()
    peers.ready(LOW, "key", 0.0)
    assert peers.pinned(place(1)) == LOW
    peers.disconnected(LOW, "key", "eof", 50.0)
    assert peers.levers.forget(LOW, 50.0) == Changes()
    assert peers.pinned(place(1)) is None
    (entry,) = peers.snapshot().peers
    assert (entry.node_id, entry.persistent) == (None, True)


def test_more_of_the_operators_bans_than_there_may_be_are_refused() -> None:
    levers = manager().levers
    for number in range(MAX_BANS):
        assert isinstance(levers.ban(ipaddress.ip_network(number), 10.0, "operator", 0.0), Changes)
    refusal = levers.ban(LOW, 10.0, "operator", 0.0)
    assert isinstance(refusal, Refuse)
    assert refusal.reason == "full"
    assert isinstance(levers.ban(ipaddress.ip_network(7), 20.0, "operator", 0.0), Changes)
