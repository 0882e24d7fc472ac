"""Actors are listed in pages, by name, each with what it is and how it fares."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from virtual_time import eventually

from peerbus.actors import LOCAL, Actor, Bus, Channel, Reactor, handles


@dataclass(frozen=True)
class Job:
    number: int


class Jobs(Reactor):
    channel = Channel("jobs", messages=(Job,))

    @handles(Job)
    def do(self, job: Job) -> int:
        return job.number


class Fails(Actor):
    @handles(int)
    def fail(self, _: int) -> None:
        raise ValueError


async def test_pages_have_each_actor_once_in_the_order_of_names() -> None:
    async with Bus() as bus:
        for number in range(25):
            bus.spawn(Actor, name=f"actor-{number:02}")
        names: list[str] = []
        after: str | None = ""
        while after is not None:
            page = bus.actors.page(after, 10)
            assert len(page.actors) <= 10
            names += [view.name for view in page.actors]
            after = page.next
        assert names == sorted(bus.actors.by_name)
        assert bus.actors.page("zzz").actors == ()
        assert bus.actors.page("", 1000).next is None


async def test_those_that_are_foremost_come_first_and_a_part_of_their_names_chooses() -> None:
    async with Bus(reactors=[Jobs]) as bus:
        for number in range(5):
            bus.spawn(Actor, name=f"actor-{number}")
        for number in range(3):
            await bus.ask(LOCAL / Jobs, Job(number), timeout=5.0)
        busiest = bus.actors.page("", 2, order="busiest")
        assert (busiest.actors[0].name, len(busiest.actors), busiest.next) == ("jobs", 2, None)
        assert [view.name for view in bus.actors.page(match="tor-3").actors] == ["actor-3"]
        assert {view.name for view in bus.actors.page(order="fullest", match="actor").actors} == {
            f"actor-{number}" for number in range(5)
        }
        with pytest.raises(KeyError):
            bus.actors.page(order="prettiest")


async def test_a_view_says_what_an_actor_is_and_how_it_fares() -> None:
    async with Bus(reactors=[Jobs]) as bus:
        await bus.ask(LOCAL / Jobs, Job(1), timeout=5.0)
        (view,) = [each for each in bus.actors.page().actors if each.name == "jobs"]
        assert (view.actor_class, view.channel, view.state) == ("Jobs", "jobs", "running")
        assert view.mailbox.delivered == 1
        fails = bus.spawn(Fails, name="fails")
        bus.tell(fails, 1)
        await eventually(lambda: bus.actors.restarts == 1)
        (view,) = [each for each in bus.actors.page().actors if each.name == "fails"]
        assert view.restarts == 1
