"""May a connection whose other side has proven its id live?"""

from __future__ import annotations

import pytest
from minds import ONE, SELF, THREE, TWO, connected, known, mind, place

from peerbus.discovery.facts.bans import Ban
from peerbus.discovery.facts.commands import Accept, Attempt, Dial, Refuse, Verdict
from peerbus.discovery.mind.admission import Admission
from peerbus.discovery.peer.lifecycle import PeerState, PeerStep
from peerbus.discovery.peer.options import PeerOptions


def reason(verdict: Verdict) -> str:
    return verdict.reason if isinstance(verdict, Refuse) else "accepted"


def test_a_node_that_is_not_known_is_remembered_and_linked() -> None:
    state = mind()
    assert Admission(state).judge(Attempt(ONE, 7, "key", offers=("archive",)), None, 3.0) == Accept()
    peer = state.peers.get(ONE)
    assert peer is not None
    assert (peer.linked, peer.linked_at, peer.offers) == (True, 3.0, ("archive",))


@pytest.mark.parametrize("why", ["banned", "draining", "self_dial", "full", "evicting"])
def test_who_is_not_wanted_is_refused_and_changes_nothing(why: str) -> None:
    state = mind(PeerOptions(max_connected=1, max_connected_upgrade=0))
    node_id = SELF if why == "self_dial" else ONE
    if why == "banned":
        state.bans.add(Ban(ONE, 9.0, "operator"), 0.0)
    elif why == "draining":
        state.draining = True
    elif why == "full":
        connected(state, TWO)
    elif why == "evicting":
        state.evict(connected(state, ONE), "operator", 1.0)
    before = len(state.peers)
    assert reason(Admission(state).judge(Attempt(node_id, 1, "new"), None, 2.0)) == why
    assert len(state.peers) == before


def test_a_dial_that_another_node_answers_is_refused_and_its_address_forgotten() -> None:
    state = mind()
    peer = known(state, ONE, 1)
    peer.step(PeerStep.CLAIM)
    dial = Dial(1, place(1), ONE)
    assert reason(Admission(state).judge(Attempt(TWO, 1, "key", dial), peer, 0.0)) == "node_id"
    assert peer.addresses.find(place(1)) is None
    assert reason(Admission(state).judge(Attempt(TWO, 1, "key", dial), None, 0.0)) == "stale_dial"


def test_a_second_connection_to_a_peer_is_sorted_out_when_it_is_ready() -> None:
    state = mind()
    peer = connected(state, ONE)
    assert reason(Admission(state).judge(Attempt(ONE, 2, "restarted"), None, 1.0)) == "accepted"
    assert [connection.incarnation for connection in peer.connections] == [1, 2]


def test_who_ranks_higher_takes_the_place_of_the_lowest() -> None:
    state = mind(PeerOptions(max_connected=1, max_connected_upgrade=1, upgrade_tenure=10.0))
    connected(state, TWO)
    better = known(state, THREE, 3)
    better.fixed_score = 5.0
    attempt = Attempt(THREE, 1, "key")
    assert reason(Admission(state).judge(attempt, None, 1.0)) == "full"  # the other has not had its time
    assert reason(Admission(state).judge(attempt, None, 20.0)) == "accepted"
    assert better.replaces == TWO
    assert better.state is not PeerState.IDLE
