"""A network in memory, as bad as one likes: what each fault does to a stream, on virtual time and in real time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import closing
from random import Random

import pytest

from peerbus.actors.base.errors import DialFailed, StreamBroken
from peerbus.testing import Conditions, FaultyNetwork, LogNormal, Uniform, VirtualLoop
from peerbus.testing.sim.faulty_link import LinkStatistics
from peerbus.transports import Endpoint
from peerbus.transports.streams.memory_stream import MemoryStream

A, B, C = "a" * 64, "b" * 64, "c" * 64
Scenario = Callable[[FaultyNetwork], Coroutine[object, object, None]]


def run(scenario: Scenario, seed: int = 1) -> None:
    """On virtual time, with the order of callbacks from the seed."""
    network = FaultyNetwork(seed)
    for node_id, name in ((A, "alice"), (B, "bob"), (C, "carol")):
        network.call(node_id, name)
    with closing(VirtualLoop(Random(seed))) as loop:
        loop.run_until_complete(scenario(network))


async def streams(network: FaultyNetwork, target: str = B) -> tuple[MemoryStream, MemoryStream]:
    """A stream from alice to another node: both ends."""
    place = Endpoint("memory", path=target[:4])
    listener = await network.transport(target).listen(place)
    dialed = await network.transport(A).dial(place, expect=target, timeout=30)
    accepted = await listener.accept()
    await listener.aclose()
    return dialed, accepted


async def read_all(stream: MemoryStream, size: int) -> bytes:
    data = b""
    while len(data) < size:
        got = await stream.read()
        assert got, "it ended"
        data += got
    return data


async def took(what: Coroutine[object, object, object]) -> float:
    """Seconds of the loop's time."""
    loop = asyncio.get_running_loop()
    before = loop.time()
    await what
    return loop.time() - before


@pytest.mark.parametrize(
    ("conditions", "least", "most"),
    [
        (Conditions(latency=0.25), 0.25, 0.25),
        (Conditions(latency=0.25, jitter=0.5), 0.25, 0.75),
        (Conditions(latency=Uniform(0.1, 0.3)), 0.1, 0.3),
        (Conditions(latency=LogNormal(0.05, 0.5)), 0.0, 1.0),
        (Conditions(bandwidth=1000.0), 0.5, 0.5),
    ],
)
def test_bytes_take_the_time_that_their_link_takes_and_arrive_in_order(
    conditions: Conditions, least: float, most: float
) -> None:
    async def scenario(network: FaultyNetwork) -> None:
        one, other = await streams(network)
        network.shape_link(
            "alice",
            "bob",
            latency=conditions.latency,
            jitter=conditions.jitter,
            bandwidth=conditions.bandwidth,
        )
        times = []
        for _ in range(20):
            one.write(bytes(500))
            times.append(await took(read_all(other, 500)))
        assert least - 1e-9 <= min(times)
        assert max(times) <= most + 1e-9
        assert (len({round(time, 9) for time in times}) == 1) is (least == most)
        for number in range(200):
            one.write(bytes([number]))
        assert await read_all(other, 200) == bytes(range(200))
        other.write(b"back")  # that direction was not shaped
        assert await took(read_all(one, 4)) == 0

    run(scenario)


def test_streams_of_one_link_share_its_bandwidth() -> None:
    async def scenario(network: FaultyNetwork) -> None:
        one, other = await streams(network)
        two, third = await streams(network)
        network.shape(bandwidth=1000.0)
        for stream in (one, two):
            stream.write(bytes(1000))
        assert await took(read_all(other, 1000)) == pytest.approx(1.0)
        assert await took(read_all(third, 1000)) == pytest.approx(1.0)

    run(scenario)


def test_a_cut_holds_back_and_nobody_hears_of_it_until_it_heals() -> None:
    async def scenario(network: FaultyNetwork) -> None:
        one, other = await streams(network)
        network.shape(latency=0.5)
        one.write(b"on its way")
        network.cut("alice", "bob")
        one.write(b", and later")
        other.write(b"the other direction goes on")
        assert await read_all(one, 27) == b"the other direction goes on"
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(other.read(), 3600)
        assert network.faulty_link("alice", "bob").statistics().held == 2
        assert not network.reachable("alice", "bob")
        network.heal("alice", "bob")
        assert await took(read_all(other, 21)) == pytest.approx(0.5)

    run(scenario)


def test_a_partition_cuts_groups_from_each_other_and_nobody_else() -> None:
    async def scenario(network: FaultyNetwork) -> None:
        network.partition({"alice"}, {B})
        assert not network.reachable("alice", "bob")
        assert not network.reachable("bob", "alice")
        assert network.reachable("alice", "carol")
        assert network.reachable("carol", "bob")
        with pytest.raises(DialFailed, match="no answer within"):
            await streams(network)
        network.heal()
        assert network.reachable("alice", "bob")
        with pytest.raises(ValueError, match="no node is called 'dave'; there are alice, bob, carol"):
            network.partition({"alice"}, {"dave"})

    run(scenario)


def test_a_broken_stream_is_broken_at_both_ends() -> None:
    async def scenario(network: FaultyNetwork) -> None:
        one, other = await streams(network)
        assert network.break_streams("bob", "carol") == 0
        one.write(b"x")
        assert network.break_streams("bob") == 1
        await asyncio.sleep(0.1)
        for end in (one, other):
            with pytest.raises(StreamBroken):
                await read_all(end, 10)
        assert network.streams("alice") == []

    run(scenario)


def test_a_half_open_stream_is_dead_at_one_end_only() -> None:
    async def scenario(network: FaultyNetwork) -> None:
        one, other = await streams(network)
        one.write(b"x")
        await read_all(other, 1)
        assert network.half_open("alice", "bob") == 1
        with pytest.raises(StreamBroken, match="reset"):
            await one.read()
        other.write(b"into the void")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(other.read(), 3600)
        other.abort()

    run(scenario)


def test_what_is_lost_breaks_its_stream_or_fails_its_dial() -> None:
    async def scenario(network: FaultyNetwork) -> None:
        one, other = await streams(network)
        network.shape(loss=1.0)
        one.write(b"x")
        with pytest.raises(StreamBroken):
            await other.read()
        with pytest.raises(StreamBroken):
            await one.read()
        with pytest.raises(DialFailed, match="lost"):
            await streams(network, C)
        assert network.faulty_link("alice", "bob").statistics() == LinkStatistics(
            parcels=2, bytes=1, flying=0, held=0, lost=1
        )

    run(scenario)


def test_a_tiny_buffer_lets_no_more_bytes_onto_the_way() -> None:
    async def scenario(network: FaultyNetwork) -> None:
        one, other = await streams(network)
        network.shape(buffer=10, latency=0.1)
        one.write(bytes(range(100)))
        await asyncio.sleep(1)
        assert network.faulty_link("alice", "bob").statistics().bytes == 10
        assert await read_all(other, 100) == bytes(range(100))

    run(scenario)


@pytest.mark.parametrize("buffer", [1, 2, 3, 100, 20_000])
def test_a_buffer_that_shrinks_under_a_stream_does_not_stop_it(buffer: int) -> None:
    async def scenario(network: FaultyNetwork) -> None:
        one, other = await streams(network)
        one.write(bytes(30_000))
        await read_all(other, 30_000)
        network.shape(buffer=buffer)
        one.write(bytes(500))
        async with asyncio.timeout(60):
            await read_all(other, 500)

    run(scenario)


def test_a_slow_reader_fills_the_buffers_of_its_sender_only() -> None:
    async def scenario(network: FaultyNetwork) -> None:
        one, other = await streams(network)
        network.slow_reader("bob", "alice", 1000.0, buffer=500)
        one.write(bytes(200_000))
        assert not one.writable
        other.write(b"quick")
        assert await took(read_all(one, 5)) == 0
        assert await took(read_all(other, 3000)) == pytest.approx(3.0, rel=0.2)

    run(scenario)


@pytest.mark.parametrize("reset", [True, False])
def test_a_node_that_vanishes_is_heard_of_only_where_its_machine_lives(reset: bool) -> None:
    async def scenario(network: FaultyNetwork) -> None:
        one, other = await streams(network)
        other.write(b"x")
        await read_all(one, 1)
        network.vanish("bob", reset=reset)
        if reset:
            with pytest.raises(StreamBroken):
                await one.read()
        else:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(one.read(), 3600)
            assert not network.reachable("alice", "bob")
        network.back("bob")
        one.abort()
        await streams(network)

    run(scenario)


def test_two_networks_of_one_seed_draw_the_same_and_a_new_link_shifts_nothing() -> None:
    def delays(*, also: bool, seed: int = 1) -> list[float]:
        seen: list[float] = []

        async def scenario(network: FaultyNetwork) -> None:
            one, other = await streams(network)
            network.shape(latency=Uniform(0.0, 1.0))
            extra = (await streams(network, C))[0] if also else None
            for _ in range(10):
                if extra is not None:
                    extra.write(b"y")
                one.write(b"x")
                seen.append(round(await took(read_all(other, 1)), 9))

        run(scenario, seed)
        return seen

    assert delays(also=False) == delays(also=False) != delays(also=False, seed=2)
    assert len(set(delays(also=False))) == 10


async def test_it_is_the_same_in_real_time() -> None:
    network = FaultyNetwork(1, latency=0.001, jitter=0.001)
    network.call(A, "alice")
    network.call(B, "bob")
    one, other = await streams(network)
    one.write(b"slowly")
    assert await took(read_all(other, 6)) >= 0.001
    network.silence("alice", "bob")
    one.write(b"later")
    network.heal()
    assert await read_all(other, 5) == b"later"
    network.break_streams("alice", "bob")
    with pytest.raises(StreamBroken):
        await one.read()
