"""What one more peer costs: one node that is connected to 1 and to 64 others, which all live in one other process.

Two processors, so two processes: the 64 receivers share an event loop, and the sender's share stays comparable.
What is compared is the total of messages per second: with 64 peers told in turn each gets a 64th of it.
Before each measurement both processes collect their garbage: after 64 handshakes Python's collector looks once at all
objects of 64 nodes, for 0.1 s, and a measurement of 0.2 s has that look in it or not, by chance.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Mapping, Sequence

from peerbus.actors import Address, Peer
from peerbus.node import Node

from .client import Offered, one_way
from .messages import DATACLASSES, MESSAGES, SMALL, Counted, HowMany, Kind, Spoken
from .processes import Served, served
from .remote_peerbus import TALLY, MessageSink, PeerbusClient, Sink, connected, met, one_node
from .run import DEADLINE, Run
from .tally import obey
from .timing import Until

__all__ = ["PEERS", "many", "many_of_ours", "serve"]

#: Connected peers; what a node holds at most by default.
PEERS = 64


class _InTurn(PeerbusClient):
    """Tells its peers one after the other."""

    async def telling(self, payload: bytes, until: Until, every: int) -> Offered:
        node, data, sent = self.node, self.kind.data, 0
        addresses: list[Address[Spoken]] = [Peer(peer) / self.sink.channel.name for peer in node.peers]
        while not until.over():
            for seq, to in enumerate(addresses, sent):
                await node.tell(to, data(seq, payload), timeout=DEADLINE)
            sent += len(addresses)
        # The last message to each peer has been handled when its count is answered; they share one tally.
        for to in addresses:
            await node.ask(to, HowMany(), reply=Counted, timeout=DEADLINE)
        return Offered(sent)


def many(run: Run) -> Mapping[str, float]:
    """One-way with 100 bytes: one peer connected, one of 64 connected, 64 connected and told in turn."""
    return _many(run, Sink, DATACLASSES)


def many_of_ours(run: Run) -> Mapping[str, float]:
    """The same with Messages."""
    return _many(run, MessageSink, MESSAGES)


def _many(run: Run, sink: type[Sink | MessageSink], kind: Kind) -> Mapping[str, float]:
    with served("peerbus.many", run) as server:
        endpoints = tuple(server.line.split())
        with connected(run, "peerbus", server.at(endpoints[0])) as alone:
            client = PeerbusClient(alone.runner, alone.node, sink, kind)
            found = {"one-way, 1 connected": _measure(client, run, server)}
        with run.runner() as runner:
            node = one_node("sender", secure=False, peers=endpoints)
            runner.run(node.__aenter__())
            try:
                runner.run(met(node, PEERS))
                found["one-way, 1 of 64"] = _measure(PeerbusClient(runner, node, sink, kind), run, server)
                found["one-way, 64 in turn"] = _measure(_InTurn(runner, node, sink, kind), run, server)
            finally:
                runner.run(node.aclose())
    return found


def _measure(client: PeerbusClient, run: Run, server: Served) -> float:
    one_way(client, SMALL, run.warm_up)
    gc.collect()
    server.order("collect")
    return one_way(client, SMALL, run.seconds)


def serve(run: Run, product: str) -> None:
    """64 nodes that listen, on one event loop."""
    run.main(_serve())


async def _serve() -> None:
    async with contextlib.AsyncExitStack() as stack:
        nodes: Sequence[Node] = [
            await stack.enter_async_context(one_node(f"receiver-{number}", secure=False, listen=True))
            for number in range(PEERS)
        ]
        print(*(node.endpoints[0] for node in nodes), flush=True)  # for the sender
        await asyncio.to_thread(obey, TALLY)
