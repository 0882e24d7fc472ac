"""The sending side of a measurement: a connected node, its control of the receiver, and its own account of sends."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from time import perf_counter

from peerbus.actors import Peer, SendError
from peerbus.discovery import PeerUp
from peerbus.node import Node

from . import receiver
from .messages import Pace, Report, Reported

__all__ = ["Account", "Sender", "connected", "peer_of", "quantile"]

#: Seconds that anything said to the receiver's control may take.
_CONTROL = 30.0


def peer_of(endpoint: str) -> str:
    """The node id in an endpoint."""
    return endpoint.partition("://")[2].partition("@")[0]


def quantile(values: list[float], fraction: float) -> float:
    """The value that `fraction` of the values do not exceed. Raises ValueError for none."""
    if not values:
        raise ValueError("no values, so no quantile")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(fraction * len(ordered)))]


@dataclass(slots=True)
class Account:
    """What became of sends. `late` is the longest time in seconds that a failure came after its deadline."""

    sent: int = 0
    done: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    late: float = 0.0

    def failure(self, error: SendError, deadline: float) -> None:
        """One failed."""
        self.failed[error.reason] += 1
        self.late = max(self.late, perf_counter() - deadline)


class Sender:
    """A node that is connected to a receiver."""

    def __init__(self, node: Node, peer: str) -> None:
        self.node = node
        self.to = Peer(peer)

    async def pace(self, seconds: float) -> None:
        """Let the receiver's jobs take so long from now on; its books begin anew."""
        await self.node.ask(self.to / receiver.Control, Pace(seconds), timeout=_CONTROL)

    async def report(self) -> Reported:
        """How the receiver is doing."""
        return await self.node.ask(self.to / receiver.Control, Report(), reply=Reported, timeout=_CONTROL)

    async def idle(self, within: float) -> Reported:
        """Wait until the receiver's jobs are done: their number no longer grows."""
        end = perf_counter() + within
        last, report = -1, await self.report()
        while report.handled != last and perf_counter() < end:
            last = report.handled
            await asyncio.sleep(0.5)
            report = await self.report()
        return report


@contextlib.asynccontextmanager
async def connected(name: str, *endpoints: str) -> AsyncIterator[Node]:
    """A node that is connected to the receivers at these endpoints."""
    async with receiver.node(name, peers=endpoints) as node:
        with node.subscribe(PeerUp) as ups:
            async with asyncio.timeout(_CONTROL):
                while len(node.peers) < len(endpoints):
                    await ups.get()
        yield node
