"""Where good peers are known to be."""

from __future__ import annotations

from minds import ONE, TWO, connected, mind

from peerbus.discovery.mind.good_hosts import GOOD_FOR, GoodHosts
from peerbus.discovery.peer.options import PeerOptions


def test_a_peer_that_was_up_for_long_makes_its_address_a_good_one() -> None:
    state = mind(PeerOptions(stable_after=10.0))
    connected(state, ONE, 0.0).host = "10.0.0.1"
    hosts = GoodHosts(state.peers)
    assert not hosts.has("10.0.0.1", 1.0)
    assert not hosts.has("10.0.0.1", 1.0 + GOOD_FOR / 2)
    assert hosts.has("10.0.0.1", 10.0)
    connected(state, TWO, 10.0).host = "10.0.0.2"
    assert not hosts.has("10.0.0.2", 10.0 + GOOD_FOR)


def test_so_does_one_that_the_operator_keeps_a_slot_for() -> None:
    state = mind()
    peer = connected(state, ONE, 0.0)
    peer.host, peer.unconditional = "10.0.0.1", True
    assert GoodHosts(state.peers).has("10.0.0.1", 0.0)
