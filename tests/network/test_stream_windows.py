"""Streams on a long line: their windows follow what their readers take, and no further."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from typing import Any

import pytest

from peerbus.actors import Channel, Message, Peer, Reactor, Request, SendError, Stream, handles
from peerbus.node import Node
from peerbus.testing import Simulation
from peerbus.transports.lanes import WindowBudget

#: Seconds of a round trip; what comes in a window that stays as it began takes ITEMS / 1 024 of them, 5.9 s.
TRIP = 0.1
ITEMS = 60_000


class Item(Message):
    number: int


class Get(Message, Request[Stream[Item]]):
    count: int


class Put(Message, Request[int]):
    """Items go with it; how many is the answer."""


class Store(Reactor):
    channel: Channel[Any] = Channel("store", messages=(Get, Put, Item))
    sent = 0

    @handles(Get)
    async def get(self, message: Get) -> AsyncIterator[Item]:
        for number in range(message.count):
            Store.sent = number
            yield Item(number)

    @handles(Put)
    async def put(self, message: Put, items: AsyncIterator[Item]) -> int:
        return len([each async for each in items])


async def pair(sim: Simulation) -> tuple[Node, Node]:
    sim.network.shape(latency=TRIP / 2)
    store = await sim.node("store", reactors=[Store])
    reader = await sim.node("reader", peers=["memory://store"], channels=[Store.channel])
    await sim.until(lambda: bool(reader.peers), within=10.0)
    await sim.run_for(30.0)  # the round trip is known
    return store, reader


@pytest.mark.seeds(1)
async def test_a_window_of_a_stream_is_no_speed_limit(sim: Simulation) -> None:
    store, reader = await pair(sim)
    to, loop = Peer(store.node_id) / "store", asyncio.get_running_loop()
    began = loop.time()
    assert [each.number async for each in reader.stream(to, Get(ITEMS))] == list(range(ITEMS))
    assert loop.time() - began < 3.0
    began = loop.time()
    async with reader.open(to, Put()) as s:
        for number in range(ITEMS):
            await s.send(Item(number))
        assert await s.result() == ITEMS
    assert loop.time() - began < 3.0


@pytest.mark.seeds(1)
async def test_a_reader_that_is_slow_has_no_more_before_it_than_the_window_that_it_began_with(sim: Simulation) -> None:
    store, reader = await pair(sim)
    taken = 0
    async for each in reader.stream(Peer(store.node_id) / "store", Get(3000)):
        taken += 1
        assert Store.sent - each.number <= 1024 + 256  # credit goes back in words of a quarter
        await asyncio.sleep(0.002)
    assert taken == 3000


@pytest.mark.seeds(1)
@pytest.mark.parametrize("end", ["left", "lost"])
async def test_what_a_window_has_grown_by_is_for_others_when_the_stream_or_the_connection_ends(
    sim: Simulation, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    budgets: list[WindowBudget] = []

    def of_memory(memory: int) -> WindowBudget:
        budgets.append(WindowBudget(1 << 26))
        return budgets[-1]

    monkeypatch.setattr(WindowBudget, "of_memory", of_memory)
    store, reader = await pair(sim)
    to = Peer(store.node_id) / "store"
    async with aclosing(reader.stream(to, Get(10**9))) as items, reader.open(to, Put()) as s:
        for number in range(ITEMS):
            await anext(items)
            await s.send(Item(number))
        assert all(each.left < 1 << 26 for each in budgets), "neither has grown"
        if end == "lost":
            await store.disconnect(reader.node_id)
        with suppress(SendError):
            await s.result()
    await sim.run_for(5.0)
    assert [each.left for each in budgets] == [1 << 26] * 2
