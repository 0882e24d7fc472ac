"""The bus over a nats-server, a third process: TLS 1.3 from node to node inside."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

from peerbus.node import Node
from peerbus.transports import Identity
from peerbus.transports.nats import NatsServer, NatsTransport

from ..messages import MESSAGES
from ..processes import Served
from ..remote_peerbus import TALLY, MessageSink, PeerbusClient, met
from ..run import Run
from ..tally import obey
from .nats_broker import broker

__all__ = ["connected", "serve"]

_NETWORK = "benchmarks"


def _node(name: str, port: int, *, listen: bool = False, peers: tuple[str, ...] = ()) -> Node:
    identity = Identity.generate()
    return Node(
        name,
        network=_NETWORK,
        identity=identity,
        listen=(f"nats://127.0.0.1:{port}/{_NETWORK}",) if listen else (),
        peers=peers,
        reactors=[MessageSink],
        transports=[NatsTransport(identity, [NatsServer("127.0.0.1", port)])],
    )


@contextlib.contextmanager
def connected(run: Run, product: str, server: Served) -> Iterator[PeerbusClient]:
    """A node that dialed the receiver's, over its server."""
    endpoint, port, process = server.line.split()
    with run.runner() as runner:
        node = _node("sender", int(port), peers=(endpoint,))
        runner.run(node.__aenter__())
        try:
            runner.run(met(node))
            client = PeerbusClient(runner, node, MessageSink, MESSAGES)
            client.between = (int(process),)
            yield client
        finally:
            runner.run(node.aclose())


def serve(run: Run, product: str) -> None:
    """Start the server, and a node that listens there."""
    with broker() as (port, process):
        run.main(_serve(port, process))


async def _serve(port: int, process: int) -> None:
    async with _node("receiver", port, listen=True) as node:
        print(node.endpoints[0], port, process, flush=True)  # for the sender
        await asyncio.to_thread(obey, TALLY)
