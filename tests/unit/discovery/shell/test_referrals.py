"""Whom a full node names to those that it turns away."""

from __future__ import annotations

from clusters import Cluster
from virtual_time import eventually, in_virtual_time

from peerbus.discovery import PeerOptions


@in_virtual_time
async def test_who_is_turned_away_by_a_full_node_finds_the_others_by_its_word() -> None:
    cluster = Cluster()
    seed = cluster.node("seed", pex=True, options=PeerOptions(max_connected=2, max_connected_upgrade=0))
    others = [cluster.node(f"n{number}", peers=("seed",), pex=True) for number in range(6)]
    async with cluster.running(), seed:
        for node in others:
            await node.__aenter__()
        try:
            await eventually(lambda: all(len(node.peers) >= 2 for node in others), 30.0)
        finally:
            for node in others:
                await node.aclose()


@in_virtual_time
async def test_a_node_without_peer_exchange_names_nobody_and_believes_nobody() -> None:
    cluster = Cluster()
    full = PeerOptions(max_connected=1, max_connected_upgrade=0)
    async with (
        cluster.node("seed", options=full) as seed,
        cluster.node("first", peers=("seed",), pex=True) as first,
    ):
        await eventually(lambda: first.node_id in seed.peers)
        async with cluster.node("second", peers=("seed",), pex=True) as second:
            await eventually(lambda: second.snapshot().peers.failed.get("full"), 30.0)
            assert {peer.node_id for peer in second.snapshot().peers.peers} <= {seed.node_id, None}
