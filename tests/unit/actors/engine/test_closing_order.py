"""How a bus ends: timers while it drains, and who ends before whom."""

from __future__ import annotations

import asyncio
from typing import ClassVar

import pytest
from diaries import Diary

from peerbus.actors import (
    LOCAL,
    Actor,
    Bus,
    Ending,
    handles,
)


class Ticks(Actor):
    """Has timers, and tells itself what to do next, for ever."""

    def on_start(self) -> None:
        self.every(0.01, 1)
        self.after(0, "go on")

    @handles(int)
    def tick(self, _: int) -> None:
        """One tick."""

    @handles(str)
    async def go_on(self, message: str) -> None:
        await asyncio.sleep(0.05)
        await self.tell(self.address, message)


class SlowTicks(Actor):
    """Is at a tick whenever one looks."""

    def on_start(self) -> None:
        self.every(0.01, 1)

    @handles(int)
    async def tick(self, _: int) -> None:
        await asyncio.sleep(0.05)


class ReentrantTicks(SlowTicks):
    """Is at several."""

    @handles(int, reentrant=True)
    async def tick(self, _: int) -> None:
        await asyncio.sleep(0.05)


class ThreadTicks(Ticks):
    """The same on a thread of its own."""

    dispatcher = "thread"


@pytest.mark.parametrize("made", [Ticks, SlowTicks, ReentrantTicks, ThreadTicks])
async def test_a_bus_without_work_closes_at_once(made: type[Actor]) -> None:
    async with Bus(shutdown_timeout=60.0) as bus:
        bus.spawn(made)
        bus.spawn(Diary, [])
        await asyncio.sleep(0.5)
        loop = asyncio.get_running_loop()
        before = loop.time()
    assert loop.time() - before < 2.0


async def test_timers_fire_while_the_bus_drains_and_end_with_their_actor() -> None:
    pages: list[str] = []

    class Ticks(Diary):
        def on_start(self) -> None:
            self.every(1, 1)

    class Slow(Diary):
        @handles(float)
        async def nap(self, seconds: float) -> None:
            await asyncio.sleep(seconds)

        def on_stop(self) -> None:
            super().on_stop()

    async with Bus(shutdown_timeout=10) as bus:
        bus.spawn(Ticks, pages, name="ticks")
        slow = bus.spawn(Slow, pages, name="slow")
        await bus.tell(slow, 3.5)
    assert pages == ["1", "1", "1", "end of slow", "end of ticks"]


class Family(Diary):
    """Has children."""

    children: ClassVar[tuple[str, ...]] = ()

    def on_start(self) -> None:
        for name in self.children:
            self.spawn(Diary, self.pages, name=name)


async def test_actors_end_by_phases_in_each_the_newest_first_and_after_their_children() -> None:
    pages: list[str] = []

    class Couple(Family):
        children = ("child-1", "child-2")

    class Service(Diary):
        ends_in = Ending.SERVICE

    class Network(Family):
        ends_in = Ending.PEERS
        children = ("guide",)

        def on_start(self) -> None:
            super().on_start()
            self.spawn(Link, self.pages, name="link-1")
            self.spawn(Link, self.pages, name="link-2")

        @handles(str)
        def hear(self, end: str) -> None:
            self.pages.append(f"{end} heard")

    class Link(Diary):
        ends_in = Ending.LINKS

        def on_stop(self) -> None:
            super().on_stop()
            self.tell(LOCAL / "network", self.address.reactor)

    class Storage(Diary):
        ends_in = Ending.STORAGE

    async with Bus() as bus:
        for make, name in (
            (Service, "service"),
            (Diary, "old"),
            (Storage, "storage"),
            (Network, "network"),
            (Couple, "couple"),
            (Diary, "young"),
        ):
            bus.spawn(make, pages, name=name)
    assert pages[0] == "end of young"
    assert set(pages[1:3]) == {"end of child-1", "end of child-2"}
    assert pages[3:6] == ["end of couple", "end of old", "end of service"]
    assert set(pages[6:8]) == {"end of link-1", "end of link-2"}
    assert set(pages[8:10]) == {"link-1 heard", "link-2 heard"}
    assert pages[10:] == [
        "end of guide",
        "end of network",
        "end of storage",
    ]


async def test_who_is_late_is_killed_and_the_others_end_in_order() -> None:
    pages: list[str] = []

    class Stuck(Diary):
        @handles(str)
        async def stick(self, _: str) -> None:
            await asyncio.Event().wait()

    class Network(Diary):
        ends_in = Ending.PEERS

    async with Bus(shutdown_timeout=2.0) as bus:
        bus.spawn(Network, pages, name="network")
        bus.spawn(Diary, pages, name="old")
        stuck = bus.spawn(Stuck, pages, name="stuck")
        bus.spawn(Diary, pages, name="young")
        await bus.tell(stuck, "stick")
        loop = asyncio.get_running_loop()
        before = loop.time()
    assert 2.0 <= loop.time() - before < 2.5
    assert pages == ["end of young", "end of old", "end of stuck", "end of network"]
