"""Gossip: nodes in a ring tell their neighbours what is new to them, so that everybody gets everything, once."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, ExitStack

from peerbus.actors import EVERYONE, LOCAL, Channel, Message, Reactor, handles
from peerbus.discovery.facts import PeerUp
from peerbus.node import Node

NODES, TRANSACTIONS = 6, 20


class Transaction(Message):
    number: int
    payload: bytes


class Received(Message):
    """An event on a node's own bus. It is never sent, so no channel declares it."""

    number: int
    new: bool


class Mempool(Reactor):
    channel = Channel("mempool", messages=(Transaction,), priority=3)

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[int, Transaction] = {}

    @handles(Transaction)
    async def take(self, transaction: Transaction) -> None:
        new = transaction.number not in self.known
        self.bus.publish(Received(transaction.number, new))
        if new:  # what came round the other side of the ring ends here
            self.known[transaction.number] = transaction
            await self.tell(EVERYONE / Mempool, transaction)  # waits for a neighbour that is slow, 5 s at most


async def main() -> None:
    async with AsyncExitStack() as running:
        nodes: list[Node] = []
        for number in range(NODES):
            neighbours = [nodes[-1], *nodes[: number == NODES - 1]] if nodes else []  # the last one closes the ring
            peers = [endpoint for neighbour in neighbours for endpoint in neighbour.endpoints]
            listen = ["tcp://127.0.0.1:0"]
            node = Node(f"node-{number}", network="mempool", listen=listen, peers=peers, reactors=[Mempool])
            nodes.append(await running.enter_async_context(node))
        for node in nodes:
            await both_neighbours(node)
        with ExitStack() as listening:
            events = [listening.enter_context(node.subscribe(Received)) for node in nodes]
            for number in range(TRANSACTIONS):  # each enters the ring at the next node
                await nodes[number % NODES].tell(LOCAL / Mempool, Transaction(number, b"pay"))
            for index, node in enumerate(nodes):
                entered = len(range(index, TRANSACTIONS, NODES))
                received = [await events[index].get() for _ in range(entered + 2 * TRANSACTIONS)]
                new = sorted(event.number for event in received if event.new)
                assert new == list(range(TRANSACTIONS)), f"{node.name} has {new}"
                print(f"{node.name}: {len(new)} transactions, each once; {len(received) - len(new)} repeats ended here")


async def both_neighbours(node: Node) -> None:
    """Wait until the node is connected with both its neighbours."""
    with node.subscribe(PeerUp) as ups:
        while len(node.peers) < 2:
            await ups.get()


if __name__ == "__main__":
    asyncio.run(main())
