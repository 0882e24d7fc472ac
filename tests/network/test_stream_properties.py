"""Streams through a network in trouble: never a gap, a repeat or a silent end, and accounts that add up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from peerbus.actors import Bus, Channel, Message, Peer, Reactor, Request, SendError, Stream, handles
from peerbus.node import Node
from peerbus.testing import Simulation, Uniform


class Item(Message):
    number: int
    data: bytes = b""


class Read(Message, Request[Stream[Item]]):
    count: int
    size: int
    pause: float


class Write(Message, Request[int]):
    count: int


class Talk(Message, Request[Stream[Item]]):
    count: int


class Source(Reactor):
    """Sends items and takes them, and knows what of it has ended."""

    channel = Channel("source", messages=(Item, Read, Write, Talk), timeout=60)

    def __init__(self, open_generators: set[tuple[Bus, object]]) -> None:
        super().__init__()
        self._open = open_generators

    @handles(Read)
    async def read(self, read: Read) -> AsyncIterator[Item]:
        self._open.add(mark := (self.bus, object()))
        try:
            for number in range(read.count):
                if read.pause and number % 16 == 0:
                    await asyncio.sleep(read.pause)
                yield Item(number, bytes(read.size))
        finally:
            self._open.discard(mark)

    @handles(Write, reentrant=True)
    async def write(self, write: Write, items: AsyncIterator[Item]) -> int:
        numbers = [item.number async for item in items]
        assert numbers == list(range(write.count)), "what ends well is whole"
        return len(numbers)

    @handles(Talk)
    async def talk(self, _: Talk, items: AsyncIterator[Item]) -> AsyncIterator[Item]:
        async for item in items:
            yield item

    @handles(Item)
    def take(self, _: Item) -> None: ...


async def trouble(sim: Simulation) -> None:
    """Up to two of what befalls nodes and networks."""
    rng = sim.rng
    for _ in range(rng.randrange(3)):
        await sim.run_for(rng.choice([0.01, 0.2, 1.0]))
        match rng.choice(["cut", "pause", "restart", "break"]):
            case "cut":
                sim.network.cut("alice", "bob")
                await sim.run_for(rng.choice([0.5, 5.0]))
                sim.network.heal()
            case "pause":
                sim.pause("bob")
                await sim.run_for(rng.choice([0.5, 3.0]))
                sim.resume("bob")
            case "restart":
                await sim.restart("bob", reset=rng.random() < 0.5)
            case "break":
                sim.network.break_streams("alice", "bob")


@pytest.mark.seeds(4)
async def test_what_arrives_is_whole_or_says_that_it_is_not(sim: Simulation) -> None:
    rng = sim.rng
    sim.network.shape(latency=Uniform(0.0, rng.choice([0.001, 0.05])), buffer=rng.choice([2_048, 65_536]))
    running: set[tuple[Bus, object]] = set()
    nodes = [await sim.node(name, reactors=[lambda: Source(running)], heartbeat=1.0) for name in ("alice", "bob")]
    await sim.until(lambda: all(node.peers for node in nodes), within=30)
    ended: list[str] = []

    async def reader(size: int) -> None:
        here, there = rng.sample(sorted(sim.nodes.values(), key=lambda node: node.name), 2)
        count, wanted = rng.choice([1, 50, 3_000]), rng.choice([10, 10_000])
        read = Read(count, size, rng.choice([0.0, 0.0, 0.2]))
        came: list[int] = []
        arrived: int | None = None
        try:
            async for item in here.stream(Peer(there.node_id) / Source, read, idle=rng.choice([20.0, 5.0])):
                came.append(item.number)
                if rng.random() < 0.02:
                    await asyncio.sleep(rng.choice([0.01, 1.0]))
                if len(came) >= wanted:
                    break
            assert len(came) == min(count, wanted), "a silent end"
            ended.append("whole")
        except SendError as error:
            ended.append(error.reason)
            arrived = error.items
        assert arrived in (None, len(came)), "an error stands behind all that came"
        assert came == list(range(len(came))), "a gap, or a repeat"

    async def writer() -> None:
        here, there = rng.sample(sorted(sim.nodes.values(), key=lambda node: node.name), 2)
        count = rng.choice([1, 50, 2_000])
        try:
            # A node that crashes hears of nothing any more: only time ends what it waits for.
            async with here.open(Peer(there.node_id) / Source, Write(count), idle=10.0, timeout=120.0) as to:
                for number in range(count):
                    await to.send(Item(number))
                assert await to.result() == count
            ended.append("whole")
        except SendError as error:
            ended.append(error.reason)

    async def talker() -> None:
        here, there = rng.sample(sorted(sim.nodes.values(), key=lambda node: node.name), 2)
        try:
            async with here.open(Peer(there.node_id) / Source, Talk(20), idle=10.0, timeout=120.0) as talk:
                for number in range(20):
                    await talk.send(Item(number))
                    assert (await anext(talk)).number == number
                await talk.end()
            ended.append("whole")
        except SendError as error:
            ended.append(error.reason)

    work = [asyncio.ensure_future(reader(rng.choice([0, 100, 40_000]))) for _ in range(6)]
    work += [asyncio.ensure_future(writer()) for _ in range(3)] + [asyncio.ensure_future(talker()) for _ in range(2)]
    await trouble(sim)
    await asyncio.gather(*work)
    assert len(ended) == len(work)
    await nothing_is_left(sim, running)


async def nothing_is_left(sim: Simulation, running: set[tuple[Bus, object]]) -> None:
    # Those of a node that crashed have stopped in the midst of all they did, as its process has.
    alive = {id(node.bus) for node in sim.nodes.values()}
    await sim.until(lambda: not any(id(bus) in alive for bus, _ in running), within=120)
    # That a talk was left may still be on its way to the one that answers it.
    await sim.until(lambda: not any(map(pending, sim.nodes.values())), within=30)
    for node in sim.nodes.values():
        ledger = node.snapshot().ledger
        assert ledger.balanced, ledger


def pending(node: Node) -> int:
    """Items of which it is not known what became of them."""
    return sum(account.pending for account in node.snapshot().ledger.items.values())
