"""Nodes of one test in real time: on a network in memory, connected, and closed when the test ends."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable
from contextlib import AsyncExitStack
from random import Random
from typing import TYPE_CHECKING, Unpack

from ...actors.base import spelled
from ...discovery.facts import PeerUp
from ...node.node import Node
from ...transports.streams import Identity, MemoryNetwork
from ..kit import Timeline
from .faulty_network import FaultyNetwork

if TYPE_CHECKING:
    from .simulation import NodeArguments

__all__ = ["Nodes"]

#: Seconds that two nodes have to get connected: some turns of the loop, where the network is not slowed down.
CONNECTED_WITHIN = 5.0


@spelled
class Nodes:
    """Makes nodes: `alice = await node("alice", offers={"archive"}, reactors=[Blocks])`.

    `opened` closes them. `seed` and its name decide a node's key and its choices.
    """

    def __init__(self, network: MemoryNetwork, opened: AsyncExitStack, *, seed: int = 0) -> None:
        self._network = network
        self._opened = opened
        self._seed = seed
        self._nodes: dict[str, Node] = {}
        #: The last facts of each node.
        self.timeline: Timeline = Timeline()

    async def __call__(self, name: str, **arguments: Unpack[NodeArguments]) -> Node:
        """Start a node that listens at `memory://name`, and wait until it is connected to its peers.

        Its `peers` are names or endpoints; without any it is connected to every node that was made before. The other
        arguments are those of `Node`. Raises AssertionError where it gets no connection, and what `Node` raises.
        """
        known = self._nodes
        if name in known:
            raise ValueError(f"there is a node called {name!r} already")
        wanted = tuple(arguments.get("peers", known))
        digest = hashlib.sha256(f"peerbus node {self._seed} {name}".encode()).digest()
        settings: NodeArguments = {"identity": Identity.from_seed(digest), "listen": [f"memory://{name}"], **arguments}
        settings["peers"] = [known[peer].endpoints[0] if peer in known else peer for peer in wanted]
        node = Node(
            name,
            transports=[self._network.transport(settings["identity"].node_id)],
            rng=Random(f"{self._seed} {name}"),
            **settings,
        )
        await self._opened.enter_async_context(node)
        self.timeline.follow(node.bus, name)
        if isinstance(self._network, FaultyNetwork):
            self._network.call(node.node_id, name)
        await _connected(node, [known[peer] for peer in wanted if peer in known])
        known[name] = node
        return node


async def _connected(node: Node, others: Iterable[Node]) -> None:
    for other in others:
        for one, two in ((node, other), (other, node)):
            try:
                async with asyncio.timeout(CONNECTED_WITHIN), one.subscribe(PeerUp) as ups:
                    while two.node_id not in one.peers:
                        await ups.get()
            except TimeoutError:
                raise AssertionError(
                    f"{one.name} got no connection to {two.name} within {CONNECTED_WITHIN} s: "
                    f"give node(…, peers=[]) where they shall not be connected"
                ) from None
