"""The list of dials: each goes out once until it comes back, and the time of the next one is known."""

from __future__ import annotations

from minds import ONE, TWO, connected, known, mind, place

from peerbus.discovery.facts.events import Candidate
from peerbus.discovery.mind.dial_list import DialList
from peerbus.discovery.peer.lifecycle import PeerState
from peerbus.discovery.peer.options import PeerOptions


def test_a_dial_is_out_until_it_comes_back() -> None:
    state = mind()
    peer = known(state, ONE, 1)
    dials = DialList(state)
    (dial,) = dials.dials(0.0)
    assert (dial.endpoint, dial.node_id, dials.out, peer.state) == (place(1), ONE, 1, PeerState.DIALING)
    assert dials.dials(0.0) == []
    assert dials.next_due(0.0) is None
    assert dials.take_back(dial) is peer
    assert dials.take_back(dial) is None
    assert (dials.out, peer.state) == (0, PeerState.IDLE)


def test_it_is_not_read_again_until_something_has_changed() -> None:
    state = mind()
    dials = DialList(state)
    assert dials.dials(0.0) == []
    known(state, ONE, 1)
    assert dials.dials(0.0) == []
    dials.look_again()
    assert len(dials.dials(0.0)) == 1


def test_who_has_to_wait_is_due_then() -> None:
    state = mind()
    peer = known(state, ONE, 1)
    dials = DialList(state)
    (dial,) = dials.dials(0.0)
    dials.take_back(dial)
    peer.address_failed(dial, 0.0, state.options, state.rng)
    dials.look_again()
    due = dials.next_due(0.0)
    assert due is not None
    assert due > 0.0
    assert dials.dials(due - 0.001) == []
    assert [dial.node_id for dial in dials.dials(due)] == [ONE]


def test_the_configured_are_dialed_first_and_each_place_once() -> None:
    state = mind()
    known(state, ONE, 1).lot = 0
    known(state, TWO, 1, 2).lot = 1
    state.peers.configure(place(3), 0.0)
    assert [dial.endpoint.port for dial in DialList(state).dials(0.0)] == [3, 1, 2]


def test_it_is_closed_to_new_nodes_while_all_slots_are_held() -> None:
    state = mind(PeerOptions(max_connected=1, max_connected_upgrade=0))
    dials = DialList(state)
    assert not dials.is_closed(0.0)
    connected(state, ONE)
    dials.look_again()
    dials.dials(0.0)
    found = [dials.known_closed]  # nobody has asked
    assert dials.is_closed(0.0)
    found.append(dials.known_closed)
    dials.look_again()
    assert [*found, dials.known_closed] == [False, True, False]


def test_a_node_that_is_being_emptied_dials_nobody() -> None:
    state = mind()
    known(state, ONE, 1)
    state.draining = True
    dials = DialList(state)
    assert dials.dials(0.0) == []
    assert dials.next_due(0.0) is None


def test_those_whom_one_machine_told_of_are_dialed_some_at_a_time_and_those_of_another_first() -> None:
    state = mind(PeerOptions(max_outgoing=8))
    dials = DialList(state)
    for number in range(20):
        told = Candidate(f"{number:064x}", (place(number + 1),), heard_from="10.0.0.1")
        state.peers.learn(told, 0.0)
    dials.look_again()
    assert len(dials.dials(0.0)) == 4
    state.peers.learn(Candidate("f" * 64, (place(99),), heard_from="10.0.0.2"), 0.0)
    dials.look_again()
    assert [dial.node_id for dial in dials.dials(0.0)] == ["f" * 64]
    due = dials.next_due(0.0)
    assert due is not None
    assert due > 0.0
