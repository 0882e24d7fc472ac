"""Peer exchange over TCP and TLS on loopback: two nodes that know a third one find each other through it."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from functools import partial

from virtual_time import eventually, in_real_time

from peerbus.discovery import PeerUp
from peerbus.discovery.pex.options import PexOptions
from peerbus.node import Node

#: Far above what loopback takes; a test that waits that long has failed.
PATIENCE = 20.0


def node(name: str, *, peers: tuple[str, ...] = (), pex: bool | PexOptions = True) -> Node:
    return Node(name, network="exchange-e2e", listen=["tcp://127.0.0.1:0"], peers=peers, pex=pex)


async def wait_for_up(waiting: Node, wanted: str) -> None:
    with waiting.subscribe(PeerUp) as ups:
        async with asyncio.timeout(PATIENCE):
            while wanted not in waiting.peers:
                await ups.get()


def knows(node: Node, peer: Node, place: str) -> bool:
    """Whether `node` would dial `peer` there."""
    views = node.snapshot().peers.peers
    return place in [str(at.endpoint) for view in views if view.node_id == peer.node_id for at in view.addresses]


@in_real_time
async def test_two_that_know_a_third_find_each_other() -> None:
    async with AsyncExitStack() as running:
        hub = await running.enter_async_context(node("hub"))
        alice = await running.enter_async_context(node("alice", peers=hub.endpoints))
        bob = await running.enter_async_context(node("bob", peers=hub.endpoints))
        await wait_for_up(alice, bob.node_id)
        await wait_for_up(bob, alice.node_id)
        # They run by one calendar, and each has heard so from the other.
        offset = alice.snapshot().peers.clock_offset
        assert offset is not None
        assert abs(offset) < PATIENCE
        # Whoever dialed, both know by the other's record where it listens.
        for one, other in ((alice, bob), (bob, alice)):
            listens = other.endpoints[0].replace(f"{other.node_id}@", "")
            await eventually(partial(knows, one, other, listens), PATIENCE)


@in_real_time
async def test_a_seed_introduces_its_visitors_and_keeps_neither() -> None:
    async with AsyncExitStack() as running:
        seed = await running.enter_async_context(node("seed", pex=PexOptions(seed=True)))
        alice, bob = [await running.enter_async_context(node(name)) for name in ("alice", "bob")]
        for each in (alice, bob):
            await each.add_seed(seed.endpoints[0])
        await wait_for_up(alice, bob.node_id)
        await eventually(lambda: seed.node_id not in (*alice.peers, *bob.peers), PATIENCE)
        assert bob.node_id in alice.peers
