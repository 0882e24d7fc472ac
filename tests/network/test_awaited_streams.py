"""Streams and conversations with `wait_for_peer`: they wait for a receiver as an ask does, and no longer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from peerbus.actors import (
    LOCAL,
    Address,
    Channel,
    DeadlineExceeded,
    Message,
    NoRoute,
    Reactor,
    Request,
    Role,
    Stream,
    handles,
)
from peerbus.node import Node
from peerbus.testing import Simulation


class Make(Message, Request[Stream[int]]):
    count: int


class Total(Message, Request[int]):
    first: int


class Echo(Message, Request[Stream[int]]):
    factor: int


class Thumbs(Reactor):
    channel = Channel("thumbs", messages=(Make, Total, Echo))

    @handles(Make)
    async def make(self, wanted: Make) -> AsyncIterator[int]:
        for number in range(wanted.count):
            yield number

    @handles(Total)
    async def total(self, wanted: Total, items: AsyncIterator[int]) -> int:
        return wanted.first + sum([item async for item in items])

    @handles(Echo)
    async def echo(self, wanted: Echo, items: AsyncIterator[int]) -> AsyncIterator[int]:
        yield 0
        async for item in items:
            yield item * wanted.factor


class Front(Reactor):
    """It asks from an actor."""

    channel = Channel("front", messages=(Total,))

    @handles(Total)
    async def total(self, wanted: Total) -> int:
        to = Role("worker") / Thumbs
        numbers = [item async for item in self.stream(to, Make(wanted.first), wait_for_peer=True)]
        async with self.open_stream(to, Total(0), wait_for_peer=True) as there:
            for number in numbers:
                await there.send(number)
        return await there.result()


async def _later(sim: Simulation) -> Node:
    await asyncio.sleep(3)
    return await sim.node("worker", reactors=[Thumbs], offers={"worker"})


@pytest.mark.parametrize("place", ["role", "peer", "here"])
async def test_a_stream_waits_for_a_receiver(sim: Simulation, place: str) -> None:
    reader = await sim.node("reader", channels=[] if place == "here" else [Thumbs.channel])
    to: Address[Make | Total | Echo] = LOCAL / Thumbs if place == "here" else Role("worker") / Thumbs
    stream = reader.stream(to, Make(5), wait_for_peer=True)
    reading = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(1)
    assert not reading.done()
    if place == "here":
        reader.spawn(Thumbs)
    else:
        await _later(sim)
    assert await reading == 0
    assert [item async for item in stream] == [1, 2, 3, 4]
    assert [item async for item in reader.stream(to, Make(3), wait_for_peer=True)] == [0, 1, 2]  # it is there


async def test_items_that_go_with_a_message_wait_for_a_receiver(sim: Simulation) -> None:
    reader = await sim.node("reader", channels=[Thumbs.channel])
    to = Role("worker") / Thumbs

    async def total(count: int) -> int:
        async with reader.open(to, Total(1), wait_for_peer=True) as there:
            for item in range(count):
                await there.send(item)
        return await there.result()

    async def echoed() -> list[int]:
        async with reader.open(to, Echo(7), wait_for_peer=True) as there:
            got = [await anext(there)]  # it reads before it sends
            await there.send(2)
            await there.end()
            return got + [item async for item in there]

    totals = asyncio.gather(total(4), total(0), echoed())
    await _later(sim)
    assert [*await totals] == [7, 1, [0, 14]]


async def test_an_actor_waits_for_a_receiver_too(sim: Simulation) -> None:
    reader = await sim.node("reader", channels=[Thumbs.channel], reactors=[Front])
    asked = asyncio.ensure_future(reader.ask(LOCAL / Front, Total(4)))
    await _later(sim)
    assert await asked == 6


@pytest.mark.parametrize("seconds", [{"timeout": 2.0}, {"idle": 2.0}, {}])
async def test_the_wait_ends_with_the_deadline_of_the_first_item(sim: Simulation, seconds: dict[str, float]) -> None:
    reader = await sim.node("reader", channels=[Thumbs.channel])
    loop, to = asyncio.get_running_loop(), Role("worker") / Thumbs
    until = loop.time() + seconds.get("timeout", seconds.get("idle", Thumbs.channel.timeout))
    with pytest.raises(
        DeadlineExceeded, match=r"was not sent to .* before its deadline: no peer is connected"
    ) as raised:
        await anext(
            reader.stream(to, Make(5), wait_for_peer=True, timeout=seconds.get("timeout"), idle=seconds.get("idle"))
        )
    assert (raised.value.phase, raised.value.items) == ("route", 0)
    assert loop.time() == pytest.approx(until, abs=0.1)
    there = reader.open(to, Total(1), wait_for_peer=True, timeout=1.0)
    with pytest.raises(DeadlineExceeded, match="before its deadline"):
        await there.send(1)
    await there.aclose()


async def test_a_stream_that_was_left_meanwhile_is_not_asked_for(sim: Simulation) -> None:
    reader = await sim.node("reader", channels=[Thumbs.channel])
    to = Role("worker") / Thumbs
    left = reader.stream(to, Make(5), wait_for_peer=True)
    reading = asyncio.ensure_future(anext(left))
    await asyncio.sleep(1)
    reading.cancel()
    await asyncio.wait([reading])
    await left.aclose()
    worker = await _later(sim)
    assert [item async for item in reader.stream(to, Make(1), wait_for_peer=True)] == [0]
    assert worker.snapshot().streams["thumbs"].sent == 1
    with pytest.raises(NoRoute, match="tell, ask and stream wait for one with wait_for_peer=True"):
        await anext(reader.stream(Role("nobody") / Thumbs, Make(1)))
