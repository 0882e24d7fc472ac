"""What more than one part of the mind does: part with peers, ban, and make room."""

from __future__ import annotations

import ipaddress

from minds import ONE, THREE, TWO, connected, known, mind

from peerbus.discovery.facts.bans import Ban
from peerbus.discovery.facts.commands import Changes
from peerbus.discovery.facts.events import PeerBanned, PeerDown, PeerUnbanned
from peerbus.discovery.peer.lifecycle import PeerState
from peerbus.discovery.peer.options import PeerOptions


def test_a_peer_that_is_parted_with_is_down_at_once_and_only_once() -> None:
    state = mind()
    peer = connected(state, ONE)
    first = state.evict(peer, "operator", 1.0)
    assert first.events == (PeerDown(ONE, "operator"),)
    assert [close.node_id for close in first.close] == [ONE]
    assert peer.state is PeerState.EVICTING
    assert state.evict(peer, "again", 2.0) == Changes()
    assert state.evict(known(state, TWO, 2), "not linked", 2.0) == Changes()


def test_a_ban_of_a_network_parts_with_all_of_it() -> None:
    state = mind()
    for node_id, host in ((ONE, "10.1.0.1"), (TWO, "10.2.0.1")):
        connected(state, node_id).host = host
    ban = Ban(ipaddress.ip_network("10.1.0.0/16"), 9.0, "operator")
    assert state.ban(ban, 0.0).events == (PeerBanned(ban), PeerDown(ONE, "banned"))
    assert state.expire_bans(8.0) == Changes()
    assert state.expire_bans(9.0).events == (PeerUnbanned(ban.target),)
    assert state.lift(ban.target, 9.0) == Changes()


def test_the_lowest_leave_where_there_are_more_than_slots() -> None:
    state = mind(PeerOptions(max_connected=3))
    for rank, node_id in enumerate((ONE, TWO, THREE)):
        connected(state, node_id).fixed_score = float(rank)
    assert state.shed("full", 1.0) == Changes()
    state.options = PeerOptions(max_connected=1)
    assert [close.node_id for close in state.shed("full", 1.0, most=1).close] == [ONE]
    assert [close.node_id for close in state.shed("full", 1.0).close] == [TWO]


def test_only_who_was_up_for_long_is_forgiven_its_failures() -> None:
    state = mind(PeerOptions(stable_after=10.0))
    peer = connected(state, ONE)
    peer.backoff.failures = 3
    assert not state.prove_stable(peer, 9.0)
    assert state.prove_stable(peer, 10.0)
    assert peer.backoff.failures == 0


def test_a_slot_is_kept_for_whom_the_operator_names() -> None:
    state = mind(PeerOptions(unconditional=frozenset({ONE})))
    assert (state.keeps(ONE), state.keeps(TWO)) == (True, False)
