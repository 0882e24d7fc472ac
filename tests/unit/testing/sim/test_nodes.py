"""Nodes of one test in real time, as the fixture `node` makes them."""

from __future__ import annotations

from contextlib import AsyncExitStack

import pytest

from peerbus.testing.sim import nodes as nodes_module
from peerbus.testing.sim.faulty_network import FaultyNetwork
from peerbus.testing.sim.nodes import Nodes


async def test_nodes_are_connected_to_those_before_and_closed_at_the_end() -> None:
    network = FaultyNetwork()
    async with AsyncExitStack() as opened:
        node = Nodes(network, opened)
        alice = await node("alice")
        bob = await node("bob")
        carol = await node("carol", peers=["bob"])
        await node("dave", peers=[carol.endpoints[0]])
        await node("loner", peers=[])
        assert {alice.node_id, carol.node_id} <= set(bob.peers)
        assert alice.node_id not in carol.peers
        assert network.id_of("alice") == alice.node_id
        with pytest.raises(ValueError, match="a node called 'bob' already"):
            await node("bob")
        text = node.timeline.text()
        assert "  alice  PeerUp(" in text
        assert "  bob    PeerUp(" in text
    assert alice.bus.closing


async def test_the_same_seed_gives_the_same_keys_and_another_one_others() -> None:
    async with AsyncExitStack() as opened:
        ids = [(await Nodes(FaultyNetwork(), opened, seed=seed)("alice")).node_id for seed in (1, 1, 2)]
    assert ids[0] == ids[1] != ids[2]


async def test_a_node_that_gets_no_connection_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes_module, "CONNECTED_WITHIN", 0.05)
    async with AsyncExitStack() as opened:
        node = Nodes(FaultyNetwork(loss=1.0), opened)
        await node("alice")
        with pytest.raises(AssertionError, match=r"bob got no connection to alice within 0.05 s"):
            await node("bob")
