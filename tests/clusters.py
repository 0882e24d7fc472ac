"""Nodes on one memory network, for tests: same seed, same keys, same choices."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random
from typing import Any

from virtual_time import eventually

from peerbus.node import Node
from peerbus.transports.identity import Identity
from peerbus.transports.memory import MemoryNetwork
from peerbus.transports.out_lane import LaneStatistics

__all__ = ["Cluster", "assert_ledgers", "lane", "meet"]


class Cluster:
    """A memory network and its nodes. Node `x` listens on `memory://x`."""

    def __init__(self, seed: int = 0, network: MemoryNetwork | None = None) -> None:
        self.network = MemoryNetwork() if network is None else network
        self._rng = Random(seed)

    def node(self, name: str, *, peers: tuple[str, ...] = (), **options: Any) -> Node:
        """A node that is not started; `peers` are names of nodes to dial."""
        identity = options.pop("identity", None) or Identity.from_seed(name.encode().ljust(32, b".")[:32])
        return Node(
            name,
            identity=identity,
            transports=[self.network.transport(identity.node_id)],
            listen=[f"memory://{name}"],
            peers=[f"memory://{peer}" for peer in peers],
            rng=Random(self._rng.getrandbits(64)),
            **options,
        )

    @asynccontextmanager
    async def running(self, *nodes: Node) -> AsyncIterator[None]:
        """Start these nodes, and wait until all are connected that dial one another."""
        async with AsyncExitStack() as stack:
            for node in nodes:
                await stack.enter_async_context(node)
            await eventually(lambda: all(_dialed(node) <= set(node.peers) for node in nodes))
            await eventually(lambda: all(node.node_id in _by_id(nodes, p).peers for node in nodes for p in node.peers))
            yield


def _by_id(nodes: tuple[Node, ...], node_id: str) -> Node:
    return next(node for node in nodes if node.node_id == node_id)


def _dialed(node: Node) -> set[str]:
    names = [endpoint.path for endpoint in node._persistent]
    return {Identity.from_seed(name.encode().ljust(32, b".")[:32]).node_id for name in names}


async def meet(*nodes: Node) -> None:
    """Wait until each of these nodes is connected to each other."""
    ids = {node.node_id for node in nodes}
    await eventually(lambda: all(ids - {node.node_id} <= set(node.peers) for node in nodes))


def lane(node: Node, peer: Node, channel: str) -> LaneStatistics:
    """What `node` knows of its lane to a channel of `peer`."""
    for connection in node.snapshot().connections.values():
        if connection.peer_id == peer.node_id and channel in connection.lanes:
            return connection.lanes[channel]
    raise AssertionError(f"{node} has no lane to {channel} of {peer}")


def assert_ledgers(*nodes: Node) -> None:
    """Every send that went to a peer is accounted for."""
    for node in nodes:
        for connection in node.snapshot().connections.values():
            for each in connection.lanes.values():
                accounted = each.delivered + sum(each.failed.values()) + each.waiting + each.queued + each.unconfirmed
                assert each.sent == accounted, each
                assert each.delivered >= 0, each
