"""The end of nodes over TCP and TLS on loopback: the work at hand is done, on both sides, and peers know at once."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass

from virtual_time import eventually, in_real_time

from peerbus.actors import LOCAL, Channel, Peer, Reactor, Request, handles
from peerbus.discovery import PeerDown
from peerbus.node import Node

#: Far above what loopback takes; a test that waits that long has failed.
PATIENCE = 20.0


@dataclass(frozen=True)
class Item:
    number: int


@dataclass(frozen=True)
class Get(Request[Item]):
    number: int


@dataclass(frozen=True)
class Job:
    number: int
    to: str


class Desk(Reactor):
    """Takes items, and answers while its gate is open."""

    channel = Channel("desk", messages=(Item, Get))

    def __init__(self, kept: list[int], gate: asyncio.Event) -> None:
        super().__init__()
        self.kept = kept
        self.gate = gate

    @handles(Item)
    def take(self, item: Item) -> None:
        self.kept.append(item.number)

    @handles(Get)
    async def get(self, get: Get) -> Item:
        await self.gate.wait()
        return Item(get.number)


class Jobs(Reactor):
    """Each job asks a desk, and then tells it."""

    channel = Channel("jobs", messages=(Job,))

    @handles(Job)
    async def work(self, job: Job) -> None:
        item = await self.ask(Peer(job.to) / Desk, Get(job.number), timeout=PATIENCE)
        await self.tell(Peer(job.to) / Desk, item)


@in_real_time
async def test_jobs_at_hand_ask_and_tell_a_peer_before_the_node_ends() -> None:
    kept: list[int] = []
    gate = asyncio.Event()
    async with AsyncExitStack() as running:
        desk = await running.enter_async_context(
            Node("desk", network="end", listen=["tcp://127.0.0.1:0"], reactors=[lambda: Desk(kept, gate)])
        )
        node = await running.enter_async_context(
            Node("node", network="end", peers=desk.endpoints, reactors=[Jobs], channels=[Desk.channel])
        )
        await eventually(lambda: node.peers and desk.peers, PATIENCE)
        for number in range(10):
            await node.tell(LOCAL / Jobs, Job(number, desk.node_id))
        with desk.subscribe(PeerDown) as downs:
            closing = asyncio.ensure_future(node.aclose())
            async with asyncio.timeout(PATIENCE):
                down = await downs.get()  # while all of its work is still to be done
            assert (down.node_id, down.reason) == (node.node_id, "peer_shutting_down")
            assert not closing.done()
            assert kept == []
            gate.set()
            await closing
        assert kept == list(range(10))
