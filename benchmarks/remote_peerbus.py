"""The bus between two nodes in two processes, over TCP on 127.0.0.1: with TLS 1.3, its default, and without."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from time import perf_counter

from peerbus.actors import Address, Peer
from peerbus.discovery import PeerUp
from peerbus.node import Node
from peerbus.transports import Identity, TcpTransport

from .local_peerbus import Sink
from .messages import LARGE, SMALL, Counted, Data, Echo, HowMany, Message
from .processes import served, wait_for_parent
from .run import DEADLINE, Run
from .timing import confirm, in_flight, latencies, percentiles

__all__ = ["plain", "serve", "tls"]

#: The network's name: these nodes talk to nobody else.
_NETWORK = "benchmarks"
#: Seconds that the slowest step may take.
_PATIENCE = 60.0


def plain(run: Run) -> Mapping[str, float]:
    """Two nodes, plain TCP: typed messages validated, credit, a deadline on each; same figures as the raw sockets'."""
    return _measured(run, "plain")


def tls(run: Run) -> Mapping[str, float]:
    """Two nodes, TCP with mutual TLS 1.3, otherwise the same."""
    return _measured(run, "tls")


def serve(run: Run, server: str) -> None:
    """Run a node with the sink, print where it listens, until the client's process goes away."""
    run.main(_serve(server))


async def _serve(secure: str) -> None:
    async with _node("server", secure, listen=["tcp://127.0.0.1:0"]) as node:
        print(node.endpoints[0], flush=True)  # read by the process that started it
        await asyncio.to_thread(wait_for_parent)


def _node(name: str, secure: str, *, listen: list[str] | None = None, peers: list[str] | None = None) -> Node:
    identity = Identity.generate()
    return Node(
        name,
        network=_NETWORK,
        identity=identity,
        listen=listen or (),
        peers=peers or (),
        reactors=[Sink],
        transports=[TcpTransport(identity, plaintext=secure == "plain")],
    )


def _measured(run: Run, secure: str) -> Mapping[str, float]:
    with served(secure, run) as endpoint:
        return run.main(_measure(run, secure, endpoint))


async def _measure(run: Run, secure: str, endpoint: str) -> dict[str, float]:
    async with asyncio.timeout(_PATIENCE), _node("client", secure, peers=[endpoint]) as node:
        with node.subscribe(PeerUp) as ups:
            if not node.peers:
                await ups.get()
        to = Peer(node.peers[0]) / Sink

        def ask(seq: int) -> asyncio.Future[object]:
            return node.ask(to, Echo(seq, SMALL), timeout=DEADLINE)  # type: ignore[return-value]  # a future, on the loop

        await latencies(ask, run.count(300))
        figures = {
            f"round trip {name}": value for name, value in percentiles(await latencies(ask, run.count(1500))).items()
        }
        figures["in flight"] = await in_flight(ask, run.count(12_000))
        await _one_way(node, to, SMALL, run.count(2000))
        figures["one-way"] = await _one_way(node, to, SMALL, run.count(100_000))
        figures["large"] = await _one_way(node, to, LARGE, run.count(1500)) * len(LARGE)
        return figures


async def _one_way(node: Node, to: Address[Message], payload: bytes, number: int) -> float:
    before = (await node.ask(to, HowMany(), reply=Counted)).count
    start = perf_counter()
    for seq in range(number):
        await node.tell(to, Data(seq, payload), timeout=DEADLINE)
    counted = await node.ask(to, HowMany(), reply=Counted, timeout=DEADLINE)
    confirm(counted.count - before, number)
    return number / (perf_counter() - start)
