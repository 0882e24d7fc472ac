"""What was asked in vain is asked again elsewhere: three workers, of which one hangs, and nobody has noticed yet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Literal

import pytest

from peerbus.actors import Channel, Message, Reactor, Request, Role, SendError, Stream, handles
from peerbus.testing import Simulation

ASKED = 30


class Make(Message, Request[Stream[int]]):
    count: int


class Count(Message, Request[int]):
    count: int


class Thumbs(Reactor):
    channel = Channel("thumbs", messages=(Make, Count))

    @handles(Make)
    async def make(self, wanted: Make) -> AsyncIterator[int]:
        for number in range(wanted.count):
            await asyncio.sleep(0.05)
            yield number

    @handles(Count, reentrant=True)
    async def serve(self, wanted: Count) -> int:
        await asyncio.sleep(0.05)
        return wanted.count


@pytest.mark.seeds(2)
@pytest.mark.parametrize("how", ["idle", "deadline", "ask"])
@pytest.mark.parametrize("pick", ["one", "least"])
async def test_a_retry_goes_to_another_than_the_one_that_did_not_answer(
    sim: Simulation, pick: Literal["one", "least"], how: str
) -> None:
    reader = await sim.node("reader", channels=[Thumbs.channel])
    workers = [await sim.node(f"worker{number}", reactors=[Thumbs], offers={"worker"}) for number in range(3)]
    await reader.wait_for_peers(3, role="worker")
    to = Role("worker", pick) / Thumbs

    async def failed() -> bool:
        try:
            if how == "ask":
                return await reader.ask(to, Count(7), timeout=2) != 7
            timeout, idle = (None, 2.0) if how == "idle" else (2.0, None)
            return [number async for number in reader.stream(to, Make(3), timeout=timeout, idle=idle)] != [0, 1, 2]
        except SendError:
            return True

    sim.pause(workers[0])
    first = sum(await asyncio.gather(*(failed() for _ in range(ASKED))))
    assert first >= ASKED // 6
    assert sum(await asyncio.gather(*(failed() for _ in range(first)))) == 0
    assert [await failed() for _ in range(5)] == [False] * 5


async def test_a_reader_that_leaves_at_its_leisure_says_nothing_against_who_served_it(sim: Simulation) -> None:
    reader = await sim.node("reader", channels=[Thumbs.channel])
    await sim.node("worker", reactors=[Thumbs], offers={"worker"})
    await reader.wait_for_peers(1, role="worker")
    async for _ in reader.stream(Role("worker") / Thumbs, Make(100)):
        await asyncio.sleep(8)
        break
    (link,) = reader.bus.routes.peers.values()
    load = link.load("thumbs")
    assert load.vain == 0
    assert 0.05 <= load.seconds < 0.1
