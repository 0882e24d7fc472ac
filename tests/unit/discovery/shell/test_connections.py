"""The connections of a node: one actor each, told what the node tells its peers, forgotten when they end."""

from __future__ import annotations

import re

from clusters import Cluster
from virtual_time import eventually, in_virtual_time


@in_virtual_time
async def test_each_connection_is_an_actor_that_is_named_after_its_peer() -> None:
    cluster = Cluster()
    alice = cluster.node("alice", peers=("bob", "carol"))
    bob, carol = cluster.node("bob"), cluster.node("carol")
    async with cluster.running(alice, bob, carol):
        connections = alice.snapshot().connections
        assert {each.peer_id for each in connections.values()} == {bob.node_id, carol.node_id}
        for name, each in connections.items():
            assert re.fullmatch(rf".*peer-{each.peer_id[:8]}-\d+", name)


@in_virtual_time
async def test_all_are_told_of_a_new_role_and_one_that_has_ended_is_forgotten() -> None:
    cluster = Cluster()
    alice = cluster.node("alice", peers=("bob", "carol"))
    bob, carol = cluster.node("bob"), cluster.node("carol")
    async with cluster.running(alice, bob, carol):
        alice.offer("archive")
        await eventually(lambda: all("archive" in node.bus.routes.peers[alice.node_id].roles for node in (bob, carol)))
        await carol.aclose()
        await eventually(lambda: [each.peer_id for each in alice.snapshot().connections.values()] == [bob.node_id])
        alice.offer("index")
        await eventually(lambda: "index" in bob.bus.routes.peers[alice.node_id].roles)
