"""How long messages stay, handlers take and asks last is sampled, by channel, into buckets that stay the same."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from types import SimpleNamespace
from typing import cast

import pytest
from virtual_time import eventually, in_virtual_time

from peerbus.actors import LOCAL, Bus, Channel, Reactor, handles
from peerbus.actors.engine.cell import Cell
from peerbus.actors.engine.timings import BOUNDS, SAMPLED, Timings
from peerbus.actors.engine.turn import timed_turn


@dataclass(frozen=True)
class Job:
    number: int


class Plain(Reactor):
    channel = Channel("plain", messages=(Job,))

    @handles(Job)
    def do(self, _: Job) -> None:
        """At once."""


class Awaits(Reactor):
    channel = Channel("awaits", messages=(Job,))

    @handles(Job)
    async def do(self, _: Job) -> None:
        await asyncio.sleep(0)


class OnThread(Reactor):
    channel = Channel("thread", messages=(Job,))
    dispatcher = "thread"

    @handles(Job)
    def do(self, _: Job) -> None:
        """At once."""


def test_each_sample_is_in_the_first_bucket_that_holds_it() -> None:
    timings = Timings()
    timings.took("jobs", 0.0001)
    timings.took("jobs", 4.0, 2)
    timings.took("jobs", 100.0)
    view = timings.handling()["jobs"]
    assert view.bounds == BOUNDS
    assert view.counts == (0, 1, 0, 0, 0, 0, 0, 2, 0, 1)
    assert (view.count, view.total) == (4, 104.0001)


@pytest.mark.parametrize("reactor", [Plain, Awaits, OnThread])
async def test_one_message_in_some_is_timed_of_whatever_kind_of_actor(reactor: type[Reactor]) -> None:
    now = 0.0

    def clock() -> float:
        nonlocal now
        now += 0.3
        return now

    async with Bus(reactors=[reactor]) as bus:
        bus.timings.clock = clock
        name = reactor.declared_channel().name
        for number in range(3 * SAMPLED):
            await bus.ask(LOCAL / name, Job(number), timeout=30.0)
        view = bus.statistics(0).handling[name]
        # A turn took 0.3 s by that clock, however many messages came in time for it; one more than is due may be
        # looked at, where a thread begins as the first comes.
        turns = round(view.total / 0.3)
        assert 1 <= turns <= 4
        assert view.total == pytest.approx(turns * 0.3)
        assert turns <= view.count <= 3 * SAMPLED
        assert sum(view.counts[:7]) == view.count


@pytest.mark.parametrize("reactor", [Plain, Awaits, OnThread])
async def test_how_long_messages_stay_and_asks_last_is_measured_of_whatever_kind_of_actor(
    reactor: type[Reactor],
) -> None:
    async with Bus(reactors=[reactor]) as bus:
        name = reactor.declared_channel().name
        for number in range(3 * SAMPLED):
            await bus.ask(LOCAL / name, Job(number), timeout=30.0)
        seen = bus.statistics(0)
        assert 1 <= seen.staying[name].count <= 6
        assert seen.staying[name].total >= 0.0
        assert 1 <= seen.asks["local"][name].count <= 6
        # An ask lasts as long as its message stays, at least.
        assert seen.asks["local"][name].total > 0.0


class Slow(Reactor):
    channel = Channel("slow", messages=(Job,))

    @handles(Job)
    async def do(self, job: Job) -> None:
        await asyncio.sleep(1.0)


@in_virtual_time
async def test_of_a_backlog_a_message_stays_as_long_as_those_before_it_take() -> None:
    async with Bus(reactors=[Slow]) as bus:
        bus.timings.clock = asyncio.get_running_loop().time
        for number in range(SAMPLED - 1):
            bus.tell(LOCAL / "slow", Job(number))
        await eventually(lambda: bus.cell("slow").mailbox.queued == 30, within=1000.0)  # type: ignore[union-attr]
        bus.tell(LOCAL / "slow", Job(SAMPLED))
        await eventually(lambda: not bus.cell("slow").mailbox.queued, within=1000.0)  # type: ignore[union-attr]
        staying = bus.statistics(0).staying["slow"]
        assert staying.count == 1
        assert staying.total == pytest.approx(30.0, abs=1.5)
        await asyncio.sleep(2.0)


@pytest.mark.pure("it hands the core what is no cell")
def test_in_a_turn_each_message_stays_until_its_own_place() -> None:
    """A turn in which five messages take a second each: the third came half a second before it."""
    times = iter([10.0, 15.0])
    cell = TurnOf(queued=5, mark=(3, 9.5))
    cell.bus.timings.clock = lambda: next(times)
    timed_turn(cast("Cell", cell), cell.turn)
    assert cell.mark is None
    assert cell.bus.timings.staying()["jobs"].total == pytest.approx(2.5)
    assert cell.bus.timings.handling()["jobs"].counts == (0, 0, 0, 0, 0, 0, 0, 5, 0, 0)


@pytest.mark.pure("it hands the core what is no cell")
def test_a_mark_that_is_not_reached_waits_for_a_later_turn() -> None:
    cell = TurnOf(queued=5, mark=(9, 9.5))
    timed_turn(cast("Cell", cell), cell.turn)
    assert cell.mark == (9, 9.5)
    assert not cell.bus.timings.staying()


class TurnOf:
    """A cell that takes all that is queued in one turn."""

    channel_name = "jobs"

    def __init__(self, queued: int, mark: tuple[int, float]) -> None:
        self.mailbox = SimpleNamespace(delivered=queued, queued=queued)
        self.bus = SimpleNamespace(timings=Timings())
        self.mark: tuple[int, float] | None = mark

    def standing(self) -> tuple[object, object]:
        return None, None

    def turn(self) -> None:
        self.mailbox.queued = 0
