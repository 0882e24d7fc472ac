"""Which peers may be dialed, in which order, and when."""

from __future__ import annotations

from minds import ONE, THREE, TWO, connected, known, mind, place

from peerbus.discovery.facts.bans import Ban
from peerbus.discovery.facts.require import Require
from peerbus.discovery.mind.dial_list import DialList
from peerbus.discovery.mind.manager_state import ManagerState
from peerbus.discovery.mind.selection import Choice, choices, nobody_new_fits
from peerbus.discovery.peer.addresses import SEED
from peerbus.discovery.peer.options import PeerOptions


def found(state: ManagerState, now: float = 0.0) -> list[Choice]:
    return choices(state.peers, state.slots(), state.bans, state.needs(), now)


def ports(state: ManagerState, now: float = 0.0) -> list[int]:
    return [choice.address.endpoint.port for choice in found(state, now)]


def test_the_operators_come_first_then_whom_a_requirement_lacks_then_the_highest_rank() -> None:
    state = mind(PeerOptions(requires=(Require(role="archive", at_least=1),)))
    known(state, ONE, 1)
    known(state, TWO, 2).fixed_score = 5.0
    known(state, THREE, 3, roles=("archive",))
    state.peers.configure(place(4), 0.0)
    assert ports(state) == [4, 3, 2, 1]


def test_seeds_are_there_only_while_nobody_else_can_be_dialed() -> None:
    state = mind()
    state.peers.configure(place(9), 0.0, SEED)
    assert ports(state) == [9]
    known(state, ONE, 1)
    assert ports(state) == [1]


def test_a_ban_puts_a_dial_off_and_one_for_ever_ends_it() -> None:
    state = mind()
    known(state, ONE, 1)
    known(state, TWO, 2)
    state.bans.add(Ban(ONE, 7.0, "operator"), 0.0)
    state.bans.add(Ban(TWO, float("inf"), "operator"), 0.0)
    assert [(choice.peer.node_id, choice.due) for choice in found(state)] == [(ONE, 7.0)]


def test_a_place_that_is_in_use_under_another_name_is_left_out() -> None:
    state = mind()
    known(state, ONE, 1).lot = 0
    known(state, TWO, 1, 2).lot = 1
    (first, *_) = found(state)
    assert first.peer.node_id in {ONE, TWO}
    assert {dial.endpoint.port for dial in DialList(state).dials(0.0)} == {1, 2}


def test_without_a_slot_only_a_better_peer_fits_and_only_in_the_place_of_a_worse_one() -> None:
    state = mind(PeerOptions(max_connected=1, max_connected_upgrade=1, upgrade_tenure=10.0))
    assert not nobody_new_fits(state.peers, state.slots(), state.needs(), 0.0)
    victim = connected(state, ONE)
    known(state, TWO, 2)
    assert found(state) == []
    assert nobody_new_fits(state.peers, state.slots(), state.needs(), 0.0)
    known(state, THREE, 3).fixed_score = 5.0
    (choice,) = found(state)
    assert (choice.peer.node_id, choice.replaces, choice.due) == (THREE, victim, 10.0)
