"""Who leaves for a stranger where all places are taken."""

from __future__ import annotations

from minds import connected, mind

from peerbus.discovery.mind.eviction import at_address, crowded_out, makes_room
from peerbus.discovery.mind.manager_state import ManagerState
from peerbus.discovery.peer.known_peer import KnownPeer
from peerbus.discovery.peer.options import PeerOptions


def come(state: ManagerState, *hosts: str) -> list[KnownPeer]:
    """Peers that dialed us, one after the other."""
    found = []
    for host in hosts:
        number = sum(1 for _ in state.peers)
        peer = connected(state, f"{number:064x}", float(number))
        peer.host = host
        found.append(peer)
    return found


def leaves(state: ManagerState, host: str | None) -> KnownPeer | None:
    return crowded_out(state.peers, host, 100.0, needs=state.needs())


def test_one_of_the_largest_crowd_leaves_the_last_that_came() -> None:
    state = mind()
    come(state, "10.0.0.1", "10.1.0.1", "10.1.0.1")
    *_, last = come(state, "10.0.0.1", "10.0.0.1")
    assert leaves(state, "10.2.0.1") is last


def test_nobody_leaves_for_one_of_the_largest_crowd_itself_or_for_one_that_would_make_as_large_a_one() -> None:
    state = mind()
    come(state, "10.0.0.1", "10.0.0.1", "10.0.0.1", "10.1.0.1", "10.1.0.1")
    assert leaves(state, "10.0.0.1") is None
    assert leaves(state, "10.1.0.1") is None


def test_many_addresses_of_one_network_are_a_crowd_too() -> None:
    state = mind()
    come(state, *(f"10.0.0.{number}" for number in range(6)))
    victim = leaves(state, "10.1.0.1")
    assert victim is not None
    assert victim.host == "10.0.0.5"
    assert leaves(state, "10.0.0.9") is None


def test_who_is_here_longest_and_who_is_best_is_protected() -> None:
    state = mind()
    there = come(state, *["10.0.0.1"] * 8)
    for best in there[5:]:
        best.fixed_score = 5.0
    assert leaves(state, "10.2.0.1") is there[4]
    there[4].fixed_score = 5.0
    assert leaves(state, "10.2.0.1") is None


def test_streams_within_a_process_are_no_crowd() -> None:
    state = mind()
    for number in range(6):
        connected(state, f"{number:064x}")
    assert leaves(state, None) is None


def test_for_a_dial_of_ours_anybody_makes_room_who_is_not_protected() -> None:
    state = mind()
    there = come(state, "10.0.0.1", "10.1.0.1", "10.2.0.1", "10.2.0.1")
    assert makes_room(state.peers, 100.0, needs=state.needs()) is there[3]
    assert makes_room([], 100.0, needs=state.needs()) is None


def test_peers_at_one_address_are_counted_that_dialed_us() -> None:
    state = mind(PeerOptions(max_per_address=2))
    come(state, "10.0.0.1", "10.0.0.1", "10.1.0.1")
    assert [at_address(state.peers, host) for host in ("10.0.0.1", "10.1.0.1", "10.2.0.1", None)] == [2, 1, 0, 0]
