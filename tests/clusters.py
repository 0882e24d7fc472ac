"""Nodes on one memory network, for tests: same seed, same keys, same choices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random
from typing import Any

from virtual_time import eventually

from peerbus.node import Node
from peerbus.transports.lanes.lane_statistics import LaneStatistics
from peerbus.transports.streams.identity import Identity
from peerbus.transports.streams.memory import MemoryNetwork
from peerbus.transports.streams.memory_stream import Parcel, Wire

__all__ = ["Cluster", "SlowLink", "SlowNetwork", "assert_ledgers", "lane", "meet"]


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
            known = {node.node_id: node for node in nodes}
            await eventually(
                lambda: all(node.node_id in known[peer].peers for node in nodes for peer in node.peers if peer in known)
            )
            yield


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


class SlowLink(Wire):
    """Takes a random while, each stream in order; while `cut` it delivers nothing, and keeps what it got."""

    def __init__(self, source: str, target: str, rng: Random, most: float) -> None:
        super().__init__(source, target)
        self._rng = rng
        self._most = most
        self._last: dict[object, float] = {}
        self.cut = False
        self._kept: list[Parcel] = []

    def carry(self, parcel: Parcel) -> None:
        """Deliver after up to `most` seconds."""
        if self.cut:
            self._kept.append(parcel)
            return
        loop = asyncio.get_running_loop()
        stream = getattr(parcel.lose, "__self__", None)
        # In order for each stream, and never twice at the same time: timers of one time have no order.
        at = max(self._last.get(stream, 0.0) + 1e-9, loop.time() + self._rng.random() * self._most)
        self._last[stream] = at
        loop.call_at(at, parcel.deliver)

    def mend(self) -> None:
        """Deliver what was kept, and what comes."""
        self.cut = False
        kept, self._kept = self._kept, []
        for parcel in kept:
            self.carry(parcel)


class SlowNetwork(MemoryNetwork):
    """Every link takes a random while of up to `most` seconds."""

    def __init__(self, seed: int, most: float) -> None:
        super().__init__()
        self._rng = Random(seed)
        self._most = most

    def new_wire(self, source: str, target: str) -> SlowLink:
        return SlowLink(source, target, Random(self._rng.getrandbits(64)), self._most)

    def cut(self, *nodes: Node) -> None:
        """Nothing moves between these nodes any more, and nobody is told."""
        for link in self._between(nodes):
            link.cut = True

    def mend(self, *nodes: Node) -> None:
        """What was held back moves on."""
        for link in self._between(nodes):
            link.mend()

    def _between(self, nodes: tuple[Node, ...]) -> list[SlowLink]:
        links = [self.wire(one.node_id, two.node_id) for one in nodes for two in nodes if one is not two]
        return [link for link in links if isinstance(link, SlowLink)]
