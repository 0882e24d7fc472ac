"""Two nodes, each with a key of its own, talk TCP with TLS 1.3 on 127.0.0.1: a remote ask is a local ask."""

from __future__ import annotations

import asyncio
import time

from peerbus.actors import Channel, Message, Peer, Reactor, Request, Role, handles
from peerbus.discovery.facts import PeerUp
from peerbus.node import Node

ROUNDS = 1000


class Pong(Message):
    number: int


class Ping(Message, Request[Pong]):
    """Names its answer: whoever asks gets a `Pong`, as type checkers know, or an error."""

    number: int


class Table(Reactor):
    channel = Channel("table", messages=(Ping,))

    @handles(Ping)
    def play(self, ping: Ping) -> Pong:
        return Pong(ping.number + 1)


async def main() -> None:
    alice = Node("alice", network="ping-pong", listen=["tcp://127.0.0.1:0"], offers={"table"}, reactors=[Table])
    async with alice:
        # Bob has no table; he declares the channel, so that he can talk to those that have one.
        bob = Node("bob", network="ping-pong", peers=alice.endpoints, channels=[Table.channel])
        async with bob:
            await connected(bob)
            print("bob to alice:", await bob.ask(Peer(alice.node_id) / Table, Ping(1), timeout=2))
            print("to whoever offers a table:", await bob.ask(Role("table") / Table, Ping(2), timeout=2))

            began = time.perf_counter()
            pong = Pong(0)
            for _ in range(ROUNDS):
                pong = await bob.ask(Role("table") / Table, Ping(pong.number))
            each = (time.perf_counter() - began) / ROUNDS
            print(f"{pong.number} rounds, {each * 1e6:.0f} µs each")

            (connection,) = bob.snapshot().connections.values()
            print("encrypted, both sides proved their keys:", connection.secure)


async def connected(node: Node) -> None:
    """Wait until the node has a peer."""
    with node.subscribe(PeerUp) as ups:
        if not node.peers:
            await ups.get()


if __name__ == "__main__":
    asyncio.run(main())
