"""One direction of a way between two nodes: what it takes, holds, loses and delivers, and in which order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import closing
from contextvars import copy_context
from random import Random
from typing import Any, cast
from weakref import WeakSet

from hypothesis import given
from hypothesis import strategies as st

from peerbus.testing import Conditions, VirtualLoop
from peerbus.testing.sim.faulty_link import FaultyLink, LinkStatistics
from peerbus.transports.streams.memory_stream import MemoryStream, Parcel

Scenario = Callable[[], Any]


class Network:
    """A host of one link, which writes down what is said of it."""

    def __init__(self) -> None:
        self.context = copy_context()
        self.severed: WeakSet[MemoryStream] = WeakSet()
        self.tap: Callable[[FaultyLink, Parcel], None] | None = None
        self.notes: list[str] = []

    def note(self, link: FaultyLink, text: str) -> None:
        """Write it down."""
        self.notes.append(text)


class Way:
    """A link, and the numbers of parcels that have arrived by it or were lost, with their times."""

    def __init__(self, conditions: Conditions | None = None, seed: int = 0) -> None:
        self.network = Network()
        self.link = FaultyLink(self.network, "alice", "bob", conditions or Conditions(), Random(seed))
        self.arrived: list[tuple[float, int]] = []
        self.broken: list[int] = []

    def send(self, number: int, size: int = 1, stream: object = None) -> None:
        """Let the link carry one."""
        now = asyncio.get_running_loop().time
        self.link.carry(
            Parcel(
                size,
                lambda: self.arrived.append((now(), number)),
                lambda: self.broken.append(number),
                cast("MemoryStream | None", stream),
            )
        )

    @property
    def numbers(self) -> list[int]:
        """Those that have arrived, in order."""
        return [number for _, number in self.arrived]


def run(scenario: Scenario) -> None:
    with closing(VirtualLoop(Random(0))) as loop:
        loop.run_until_complete(scenario())


class Stream:
    """As far as a link knows one."""


@given(seed=st.integers(0, 99), sizes=st.lists(st.integers(1, 2000), min_size=1, max_size=20))
def test_parcels_of_one_stream_arrive_in_order_whatever_their_delays(seed: int, sizes: list[int]) -> None:
    async def scenario() -> None:
        way, stream = Way(Conditions(latency=0.1, jitter=1.0, bandwidth=1e5), seed), Stream()
        for number, size in enumerate(sizes):
            way.send(number, size, stream)
        await asyncio.sleep(10)
        assert way.numbers == list(range(len(sizes)))
        assert way.link.statistics() == LinkStatistics(len(sizes), sum(sizes), 0, 0, 0)

    run(scenario)


def test_streams_wait_for_each_other_only_for_bandwidth() -> None:
    async def scenario() -> None:
        way, one, other = Way(Conditions(bandwidth=100.0)), Stream(), Stream()
        way.send(1, 200, one)
        way.send(2, 100, other)
        await asyncio.sleep(10)
        assert way.arrived == [(2.0, 1), (3.0, 2)]

    run(scenario)


def test_what_a_cut_holds_arrives_one_latency_after_it() -> None:
    async def scenario() -> None:
        way, stream = Way(Conditions(latency=0.5)), Stream()
        way.send(1, 1, stream)
        way.link.hold()
        way.send(2, 1, stream)
        await asyncio.sleep(5)
        assert way.arrived == []
        assert way.link.statistics() == LinkStatistics(2, 2, 0, 2, 0)
        way.link.release()
        await asyncio.sleep(5)
        assert way.arrived == [(5.5, 1), (5.5, 2)]

    run(scenario)


def test_a_link_that_has_vanished_loses_everything_without_a_word_until_it_appears() -> None:
    async def scenario() -> None:
        way, stream = Way(Conditions(latency=0.5)), Stream()
        way.send(1, 1, stream)
        way.link.vanish()
        way.send(2, 1, stream)
        await asyncio.sleep(5)
        assert (way.arrived, way.broken, way.network.notes) == ([], [], [])
        assert way.link.statistics().lost == 2
        way.link.appear()
        way.send(3)
        await asyncio.sleep(5)
        assert way.numbers == [3]

    run(scenario)


def test_a_parcel_that_is_lost_breaks_its_stream_and_a_dial_fails() -> None:
    async def scenario() -> None:
        way = Way(Conditions(loss=1.0))
        way.send(1, 1, Stream())
        way.send(2)
        await asyncio.sleep(1)
        assert way.broken == [1, 2]
        assert way.network.notes == ["loses a parcel, the stream breaks", "loses a dial"]
        assert way.arrived == []

    run(scenario)


def test_a_severed_stream_carries_nothing_and_others_go_on() -> None:
    async def scenario() -> None:
        way, severed, other = Way(), Stream(), Stream()
        way.network.severed.add(cast("MemoryStream", severed))
        way.send(1, 1, severed)
        way.send(2, 1, other)
        await asyncio.sleep(1)
        assert way.numbers == [2]
        assert way.broken == []

    run(scenario)


def test_whoever_looks_on_sees_each_parcel_before_its_fate() -> None:
    async def scenario() -> None:
        way = Way(Conditions(loss=1.0))
        seen: list[int] = []
        way.network.tap = lambda link, parcel: seen.append(parcel.size)
        way.send(1, 7)
        assert seen == [7]
        await asyncio.sleep(1)

    run(scenario)
