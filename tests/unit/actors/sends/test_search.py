"""A wait for whichever member of a pool is free: a circle where none will be, and none where one will."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from peerbus.actors import LOCAL, Bus, Channel, Message, Pool, Reactor, RemoteError, Request, handles

#: Seconds: far less than the deadlines below, so that a circle which is not found fails the test.
SOON = 3.0
LONG = 600.0


class Go(Message, Request[str]):
    """Ask along this way; the last one waits for so long, and answers."""

    way: tuple[str, ...] = ()
    seconds: float = 0.0


class Walker(Reactor):
    @handles(Go)
    async def go(self, go: Go) -> str:
        if not go.way:
            await asyncio.sleep(go.seconds)
            return "through"
        return await self.ask(LOCAL / go.way[0], Go(go.way[1:], go.seconds), timeout=LONG)


class Jobs(Walker):
    channel = Channel("jobs", messages=(Go,))


class Other(Walker):
    channel = Channel("other", messages=(Go,))


class Between(Walker):
    channel = Channel("a", messages=(Go,))


@dataclass
class Ends:
    """How asks ended, and when the last did."""

    good: int
    failed: list[RemoteError]
    at: float


async def ends(bus: Bus, *asks: tuple[str, Go]) -> Ends:
    results = await asyncio.gather(
        *(bus.ask(LOCAL / to, go, reply=str, timeout=LONG) for to, go in asks), return_exceptions=True
    )
    failed = [each for each in results if isinstance(each, RemoteError)]
    assert all(each == "through" for each in results if each not in failed)
    return Ends(len(results) - len(failed), failed, bus.loop.time())


@pytest.mark.parametrize("prefetch", [0, 1])
@pytest.mark.parametrize("members", [2, 3, 5])
async def test_members_that_all_wait_for_an_actor_that_waits_for_the_pool_are_found(
    members: int, prefetch: int
) -> None:
    async with Bus(reactors=[Pool(Jobs, members=members, prefetch=prefetch), Between]) as bus:
        end = await ends(bus, *[("jobs", Go(("a", "jobs")))] * members)
        assert end.at < SOON
        assert {each.code for each in end.failed} == {"Deadlock"}
        assert len(end.failed) <= 1 + prefetch, "what is at hand of a member waits for that one"
        assert "bus://local/a → bus://local/jobs." in str(end.failed[0])
        if not prefetch:
            assert all(f"jobs.{each + 1}" in str(end.failed[0]) for each in range(members)), "all of them are in it"
        assert bus.ledger().balanced


async def test_members_that_wait_directly_and_in_a_ring_are_found_together() -> None:
    async with Bus(reactors=[Pool(Jobs, members=3, prefetch=0), Between]) as bus:
        end = await ends(bus, ("jobs", Go(("jobs",))), ("jobs", Go(("a", "jobs"))), ("jobs", Go(("jobs",))))
        assert end.at < SOON
        assert len(end.failed) == 1
        assert {f"jobs.{each} → " in str(end.failed[0]) for each in (1, 2, 3)} == {True}


async def test_two_pools_whose_members_all_wait_for_the_other_pool_are_found() -> None:
    async with Bus(reactors=[Pool(Jobs, members=2, prefetch=0), Pool(Other, members=2, prefetch=0)]) as bus:
        end = await ends(bus, *[("jobs", Go(("other",))), ("other", Go(("jobs",)))] * 2)
        assert end.at < SOON
        assert end.failed
        assert {each.code for each in end.failed} == {"Deadlock"}
        assert end.good > 0


@pytest.mark.parametrize("prefetch", [0, 1])
async def test_where_one_member_will_be_free_nobody_is_told_of_a_circle(prefetch: int) -> None:
    async with Bus(reactors=[Pool(Jobs, members=3, prefetch=prefetch), Between]) as bus:
        end = await ends(
            bus,
            ("jobs", Go(("jobs",))),
            ("jobs", Go((), 60.0)),
            ("jobs", Go(("jobs",))),
        )
        assert not end.failed, "the second one will be free in a minute"
        assert 60 <= end.at < 90


async def test_an_actor_between_that_is_at_something_else_is_waited_for() -> None:
    async with Bus(reactors=[Pool(Jobs, members=2, prefetch=0), Between]) as bus:
        end = await ends(bus, ("a", Go((), 60.0)), ("jobs", Go(("a",))), ("jobs", Go(("jobs",))))
        assert not end.failed
        assert 60 <= end.at < 90


async def test_one_outside_of_the_circle_is_not_the_one_that_fails() -> None:
    async with Bus(reactors=[Pool(Jobs, members=2, prefetch=0), Between]) as bus:
        asks = [("jobs", Go(("jobs",)))] * 2
        end = await ends(bus, *asks, ("a", Go(("jobs",))))
        assert len(end.failed) == 1
        assert "bus://local/a" not in str(end.failed[0])
