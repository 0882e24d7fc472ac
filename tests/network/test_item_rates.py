"""How many items of streams a peer may send: they are messages of its channel, whichever side has asked for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from peerbus.actors import Channel, Message, Peer, Rate, Reactor, Request, Stream, handles
from peerbus.node import Node, PeerRates
from peerbus.testing import Simulation

RATE, BURST = 40, 60


class Chunk(Message):
    number: int
    body: bytes = b""


class Upload(Message, Request[int]):
    """Of the chunks that come with it."""


class Count(Message, Request[Stream[Chunk]]):
    to: int
    size: int = 0


class Note(Message):
    number: int


class Hold(Message):
    """Nothing else is begun meanwhile."""

    seconds: float


class Store(Reactor):
    """Notes when each chunk came."""

    channel = Channel("store", messages=(Upload, Count, Chunk, Note, Hold), window=2)

    def __init__(self, clock: Callable[[], float], times: list[float]) -> None:
        super().__init__()
        self._clock = clock
        self._times = times

    @handles(Upload, reentrant=True)
    async def upload(self, _: Upload, chunks: AsyncIterator[Chunk]) -> int:
        count = 0
        async for _chunk in chunks:
            self._times.append(self._clock())
            count += 1
        return count

    @handles(Count, reentrant=True)
    async def count(self, count: Count) -> AsyncIterator[Chunk]:
        for number in range(count.to):
            yield Chunk(number, bytes(count.size))

    @handles(Hold)
    async def hold(self, hold: Hold) -> None:
        await asyncio.sleep(hold.seconds)

    @handles(Note)
    def note(self, _: Note) -> None:
        self._times.append(self._clock())


async def pair(sim: Simulation, times: list[float], rates: Rate | PeerRates) -> tuple[Node, Node]:
    made = lambda: Store(sim.loop.time, times)  # noqa: E731
    alice = await sim.node("alice", reactors=[made], rates=rates)
    bob = await sim.node("bob", reactors=[made])
    await sim.until(lambda: bob.node_id in alice.peers and alice.node_id in bob.peers, within=10)
    return alice, bob


def most_in(seconds: float, times: list[float]) -> int:
    return max(sum(begin <= at < begin + seconds for at in times) for begin in times)


async def upload(bob: Node, alice: Node, count: int, size: int = 0) -> int:
    async with bob.open(Peer(alice.node_id) / Store, Upload(), idle=60, timeout=600) as stream:
        for number in range(count):
            await stream.send(Chunk(number, bytes(size)))
        return await stream.result()


@pytest.mark.seeds(2)
async def test_items_that_go_with_an_ask_come_by_the_rate_and_none_is_lost(sim: Simulation) -> None:
    times: list[float] = []
    alice, bob = await pair(sim, times, Rate(messages=RATE, messages_burst=BURST))
    began = sim.loop.time()
    count = 6 * RATE + BURST
    assert await upload(bob, alice, count) == count
    assert most_in(1.0, times) <= RATE + BURST + 1
    assert 5.0 <= times[-1] - began <= 8.0
    assert alice.snapshot().carried.held["store"] > 3
    assert bob.node_id in alice.peers


@pytest.mark.seeds(2)
async def test_items_of_an_answer_come_by_the_rate_of_whoever_asked(sim: Simulation) -> None:
    times: list[float] = []
    alice, bob = await pair(sim, times, Rate(messages=RATE, messages_burst=BURST))
    count, began = 6 * RATE + BURST, sim.loop.time()
    async for chunk in alice.stream(Peer(bob.node_id) / Store, Count(count), idle=60):
        assert chunk.number == len(times)
        times.append(sim.loop.time())
    assert len(times) == count
    assert most_in(1.0, times) <= RATE + BURST + 1
    assert 5.0 <= times[-1] - began <= 8.0
    began = sim.loop.time()
    assert len([chunk async for chunk in bob.stream(Peer(alice.node_id) / Store, Count(count))]) == count
    assert sim.loop.time() - began < 1.0  # who has no rates is sent as much as it reads


@pytest.mark.seeds(2)
async def test_bytes_of_items_have_their_rate_and_an_item_larger_than_the_burst_gets_through(sim: Simulation) -> None:
    times: list[float] = []
    alice, bob = await pair(sim, times, Rate(bytes=10_000, bytes_burst=20_000))
    began = sim.loop.time()
    assert await upload(bob, alice, 60, 1000) == 60
    assert 3.5 <= sim.loop.time() - began <= 7.0
    began = sim.loop.time()
    assert await upload(bob, alice, 4, 30_000) == 4
    assert 6.0 <= sim.loop.time() - began <= 14.0


@pytest.mark.seeds(2)
async def test_many_streams_share_one_rate_and_each_gets_on_beside_one_that_sends_nothing(sim: Simulation) -> None:
    times: list[float] = []
    alice, bob = await pair(sim, times, Rate(messages=RATE, messages_burst=20))
    async with bob.open(Peer(alice.node_id) / Store, Upload(), timeout=600) as idle:
        await idle.send(Chunk(0))
        await sim.run_for(3)
        began, before = sim.loop.time(), len(times)
        ended = await asyncio.gather(*(upload(bob, alice, 10) for _ in range(40)))
        assert ended == [10] * 40
        took = sim.loop.time() - began
        assert (400 - 2 * 20 - 41) / RATE <= took <= 400 / RATE + 3
        assert most_in(1.0, times[before:]) <= RATE + 20 + 41
        await idle.send(Chunk(1))
        assert await idle.result() == 2


@pytest.mark.seeds(2)
async def test_what_is_told_does_not_wait_for_ever_behind_streams_and_both_go_by_one_rate(sim: Simulation) -> None:
    times: list[float] = []
    alice, bob = await pair(sim, times, Rate(messages=RATE, messages_burst=10))
    stream = asyncio.ensure_future(upload(bob, alice, 400))
    began = sim.loop.time()
    for number in range(100):
        await bob.tell(Peer(alice.node_id) / Store, Note(number), timeout=5)
    told = sim.loop.time() - began
    assert 2.0 <= told <= 100 / (RATE / 2) + 1  # half of the rate is its own
    assert await stream == 400
    assert (500 - 20 - 2) / RATE - 0.5 <= sim.loop.time() - began <= 500 / RATE + 2
    assert most_in(1.0, times) <= RATE + 2 * 10 + 2


@pytest.mark.seeds(2)
async def test_rates_that_are_set_and_taken_away_hold_for_streams_that_are_open(sim: Simulation) -> None:
    times: list[float] = []
    alice, bob = await pair(sim, times, PeerRates())
    sending = asyncio.ensure_future(upload(bob, alice, 5000))
    reader = alice.stream(Peer(bob.node_id) / Store, Count(5000), idle=60)
    for _ in range(10):
        await anext(reader)
    assert await alice.set_rates(Rate(messages=100, messages_burst=10))
    await sim.run_for(30)  # what it had credit for, which nobody can take back, is paid for first
    before = len(times)
    assert before < 5000
    await sim.run_for(5)
    assert 0 < len(times) - before <= 5 * 100 + 10
    assert await alice.set_rates(None)
    began = sim.loop.time()
    assert await sending == 5000
    assert len([chunk async for chunk in reader]) == 4990
    assert sim.loop.time() - began < 2.0
    assert await alice.set_rates(PeerRates(None, {"store": Rate(messages=1000)}))
    assert await upload(bob, alice, 1500) == 1500


@pytest.mark.parametrize("turned", [False, True], ids=["set", "set and taken away"])
@pytest.mark.seeds(2)
async def test_a_rate_holds_for_streams_that_wait_to_be_sent_when_it_is_set(sim: Simulation, turned: bool) -> None:
    times: list[float] = []
    alice, bob = await pair(sim, times, PeerRates())
    store = Peer(bob.node_id) / Store
    for _ in range(3):
        await alice.tell(store, Hold(10.0))  # one is worked on, two use the credit up

    async def read(to: int) -> int:
        count = 0
        async for _ in alice.stream(store, Count(to), idle=600, timeout=60):
            times.append(sim.loop.time())
            count += 1
        return count

    streams = [asyncio.ensure_future(read(200)) for _ in range(2)]
    await sim.run_for(1)
    assert await alice.set_rates(Rate(messages=RATE, messages_burst=BURST))
    await sim.run_for(1)
    if turned:
        assert await alice.set_rates(None)
    began = sim.loop.time()
    assert await asyncio.gather(*streams) == [200, 200]
    if turned:
        assert sim.loop.time() - began < 30.0
    else:
        assert most_in(1.0, times) <= RATE + BURST + 2
        assert (400 - BURST - 2) / RATE <= times[-1] - times[0] <= 400 / RATE + 3


@pytest.mark.seeds(2)
async def test_streams_that_are_opened_and_given_up_again_and_again_gain_nothing(sim: Simulation) -> None:
    times: list[float] = []
    alice, bob = await pair(sim, times, Rate(messages=RATE, messages_burst=10))
    began = sim.loop.time()
    for _ in range(60):
        stream = bob.open(Peer(alice.node_id) / Store, Upload(), timeout=60)
        async with stream:
            for number in range(5):
                await stream.send(Chunk(number))
            await stream.aclose()
    assert len(times) <= RATE * (sim.loop.time() - began) + 2 * 10 + 2
