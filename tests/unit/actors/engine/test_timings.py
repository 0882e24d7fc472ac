"""How long handlers take is sampled, by channel, into buckets that stay the same."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from peerbus.actors import LOCAL, Bus, Channel, Reactor, handles
from peerbus.actors.engine import turn, turn_task
from peerbus.actors.engine.timings import BOUNDS, SAMPLED, Timings


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
    view = timings.views()["jobs"]
    assert view.bounds == BOUNDS
    assert view.counts == (0, 1, 0, 0, 0, 0, 0, 2, 0, 1)
    assert (view.count, view.total) == (4, 104.0001)


@pytest.mark.parametrize("reactor", [Plain, Awaits, OnThread])
async def test_one_message_in_some_is_timed_of_whatever_kind_of_actor(
    reactor: type[Reactor], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0

    def clock() -> float:
        nonlocal now
        now += 0.3
        return now

    monkeypatch.setattr(turn, "clock", clock)
    monkeypatch.setattr(turn_task, "clock", clock)
    async with Bus(reactors=[reactor]) as bus:
        name = reactor.declared_channel().name
        for number in range(3 * SAMPLED):
            await bus.ask(LOCAL / name, Job(number), timeout=30.0)
        view = bus.statistics(0).handling[name]
        # A turn took 0.3 s by that clock, however many messages came in time for it.
        turns = round(view.total / 0.3)
        assert 1 <= turns <= 3
        assert view.total == pytest.approx(turns * 0.3)
        assert turns <= view.count <= 3 * SAMPLED
        assert sum(view.counts[:7]) == view.count
