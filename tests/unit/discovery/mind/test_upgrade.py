"""Whose place a better peer takes."""

from __future__ import annotations

from minds import ONE, THREE, TWO, connected, known, mind

from peerbus.discovery.mind.manager_state import ManagerState
from peerbus.discovery.mind.upgrade import PeerUpgrade, next_upgrade
from peerbus.discovery.peer.options import PeerOptions


def lowest(state: ManagerState) -> PeerUpgrade | None:
    return next_upgrade(state.peers, state.options, 0.0, needs=state.needs())


def test_it_is_that_of_the_lowest_rank_and_of_equals_of_the_last_to_come() -> None:
    state = mind(PeerOptions(upgrade_margin=1.0, upgrade_tenure=30.0))
    known(state, THREE, 3)
    assert lowest(state) is None  # whoever is not connected has none
    first, second = connected(state, ONE, 1.0), connected(state, TWO, 2.0)
    place = lowest(state)
    assert place is not None
    assert (place.victim, place.least_rank, place.free_at) == (second, 1.0, 32.0)
    assert (place.allows(0.9), place.allows(1.0)) == (False, True)
    first.fixed_score = -1.0
    place = lowest(state)
    assert place is not None
    assert place.victim is first


def test_nobody_leaves_who_is_kept_going_or_claimed_by_another_newcomer() -> None:
    state = mind()
    kept, going, claimed = (connected(state, node_id) for node_id in (ONE, TWO, THREE))
    kept.unconditional = True
    state.evict(going, "operator", 0.0)
    newcomer = known(state, "4" * 64, 4)
    newcomer.replaces = THREE
    assert lowest(state) is None
    own = next_upgrade(state.peers, state.options, 0.0, needs=state.needs(), newcomer=newcomer)
    assert own is not None
    assert own.victim is claimed


def test_only_the_place_of_one_that_was_dialed() -> None:
    state = mind()
    connected(state, ONE)
    assert next_upgrade(state.peers, state.options, 0.0, needs=state.needs(), outgoing=True) is None
