"""Gossip: nodes in a ring, each connected with its two neighbours, and everybody gets every transaction, once."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from peerbus.actors import LOCAL, Message
from peerbus.discovery import PeerUp
from peerbus.node import Node
from peerbus.patterns import GetGossip, Gossip, gossip_channel

NODES, TRANSACTIONS = 6, 20


class Transaction(Message):
    number: int
    payload: bytes


class Received(Message):
    """An event on a node's own bus. It is never sent, so no channel declares it."""

    number: int


class Mempool(Gossip[Transaction]):
    channel = gossip_channel("mempool", Transaction, priority=3)
    role = "miner"

    def valid(self, item: Transaction) -> bool:
        return item.number >= 0  # one that is not goes no further

    def deliver(self, item: Transaction) -> None:
        self.bus.publish(Received(item.number))


async def main() -> None:
    async with AsyncExitStack() as running:
        nodes: list[Node] = []
        for number in range(NODES):
            nodes.append(await running.enter_async_context(member(f"node-{number}", ring(nodes))))
        for node in nodes:
            await both_neighbours(node)
        events = [running.enter_context(node.subscribe(Received)) for node in nodes]
        for number in range(TRANSACTIONS):  # each enters the ring at the next node
            await nodes[number % NODES].tell(LOCAL / Mempool, Transaction(number, b"pay"))
        for index, node in enumerate(nodes):
            received = sorted([(await events[index].get()).number for _ in range(TRANSACTIONS)])
            assert received == list(range(TRANSACTIONS)), f"{node.name} has {received}"
            print(f"{node.name}: {len(received)} transactions, each once")
        late = await running.enter_async_context(member("late", [nodes[0]]))
        with late.subscribe(Received) as more:
            while (view := await late.ask(LOCAL / Mempool, GetGossip())).held < TRANSACTIONS:
                await more.get()
            print(f"late: {view.held} transactions, caught up")


def member(name: str, neighbours: list[Node]) -> Node:
    peers = [endpoint for neighbour in neighbours for endpoint in neighbour.endpoints]
    listen = ["tcp://127.0.0.1:0"]
    return Node(name, network="mempool", listen=listen, peers=peers, reactors=[Mempool], offers={"miner"})


def ring(nodes: list[Node]) -> list[Node]:
    """Whom the next node dials: the one before it, and the last one the first as well."""
    return [nodes[-1], *nodes[: len(nodes) == NODES - 1]] if nodes else []


async def both_neighbours(node: Node) -> None:
    """Wait until the node is connected with both its neighbours."""
    with node.subscribe(PeerUp) as ups:
        while len(node.peers) < 2:
            await ups.get()


if __name__ == "__main__":
    asyncio.run(main())
