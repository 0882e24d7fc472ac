"""What it costs a loaded node to be looked at: a snapshot holds the event loop for as long as it takes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from time import perf_counter

from peerbus.actors import Actor, Channel, Reactor, handles
from peerbus.discovery import PeerOptions
from peerbus.node import Node
from peerbus.operate.metrics import Seen, TextFormat, metrics_of, metrics_text
from peerbus.transports.streams import Identity, MemoryNetwork

from .run import Run

__all__ = ["ACTORS", "PEERS", "snapshots"]

#: What a snapshot is to take 5 ms at.
ACTORS, PEERS = 5_000, 200
#: Looks of which the median is told.
LOOKS = 25


@dataclass(frozen=True)
class Poke:
    """Anything."""


class Poked(Reactor):
    """Is there at every node."""

    channel = Channel("poked", messages=(Poke,))

    @handles(Poke)
    def poke(self, _: Poke) -> None:
        """Nothing."""


class Idle(Actor):
    """Has had one message."""

    @handles(int)
    def take(self, _: int) -> None:
        """Nothing."""


def snapshots(run: Run) -> Mapping[str, float]:
    """A node with 5 000 actors and 200 peers in memory: snapshot, metrics, ledger, pages of 100, the wait-for graph."""
    return run.main(_snapshots(ACTORS, PEERS))


async def _snapshots(actors: int, peers: int) -> dict[str, float]:
    network = MemoryNetwork()

    def node(name: str, **more: object) -> Node:
        identity = Identity.generate()
        transports = [network.transport(identity.node_id)]
        return Node(name, identity=identity, reactors=[Poked], transports=transports, **more)  # type: ignore[arg-type]

    async with AsyncExitStack() as stack:
        hub = node("hub", listen=["memory://hub"], options=PeerOptions(max_connected=peers + 1))
        await stack.enter_async_context(hub)
        for number in range(peers):
            await stack.enter_async_context(node(f"peer-{number}", peers=["memory://hub"]))
        while len(hub.peers) < peers:  # noqa: ASYNC110  # nothing else is to do
            await asyncio.sleep(0.05)
        for ref in [hub.spawn(Idle) for _ in range(actors)]:
            await hub.tell(ref, 1)
        return {
            "snapshot": _median(hub.snapshot),
            "metrics": _median(lambda: _metrics(hub)),
            "ledger": _median(hub.bus.ledger),
            "page of actors": _median(hub.actors),
            "page of peers": _median(hub.peers_page),
            "page of connections": _median(hub.connections),
            "waits": _median(hub.waits),
        }


def _metrics(hub: Node) -> str:
    """As /metrics, without HTTP."""
    return metrics_text(metrics_of(Seen(hub.snapshot(0), hub.version, ready=True)), TextFormat.PROMETHEUS)


def _median(look: Callable[[], object]) -> float:
    times = []
    for _ in range(LOOKS):
        start = perf_counter()
        look()
        times.append(perf_counter() - start)
    return sorted(times)[LOOKS // 2]
