"""How a bus ends: who drains with whom, who ends before whom, and what becomes of what is late."""

from __future__ import annotations

import asyncio

import pytest
from diaries import Diary, Jobs, ThreadJobs, end_of

from peerbus.actors import (
    LOCAL,
    Actor,
    Bus,
    PeerbusError,
    ShutdownStarted,
    ShuttingDown,
    handles,
)


@pytest.mark.parametrize("jobs", [Jobs, ThreadJobs])
@pytest.mark.parametrize("asks", [False, True])
@pytest.mark.parametrize("younger", ["jobs", "diary"])
async def test_work_at_hand_finds_the_actors_that_it_needs_whoever_is_the_younger(
    jobs: type[Jobs], younger: str, *, asks: bool
) -> None:
    pages: list[str] = []
    async with Bus() as bus:
        ref = bus.spawn(jobs, "diary", asks=asks) if younger == "diary" else None
        bus.spawn(Diary, pages, name="diary")
        ref = ref or bus.spawn(jobs, "diary", asks=asks)
        for number in range(10):
            await bus.tell(ref, number)
        actor = ref._cell.actor
    assert isinstance(actor, Jobs)
    assert actor.failed == []
    assert pages == [*map(str, range(10)), "end of diary"]


async def test_work_that_goes_from_hand_to_hand_is_done_to_the_last() -> None:
    pages: list[str] = []
    async with Bus() as bus:
        names = [f"hand-{number}" for number in range(20)]
        for name, to in zip(names, [*names[1:], "diary"], strict=True):
            bus.spawn(Jobs, to, name=name)
        bus.spawn(Diary, pages, name="diary")
        for number in range(3):
            await bus.tell(LOCAL / "hand-0", number)
    assert pages == ["0", "1", "2", "end of diary"]


async def test_the_work_at_hand_has_the_whole_time() -> None:
    done: list[int] = []

    class Slow(Actor):
        @handles(int)
        async def work(self, number: int) -> None:
            await asyncio.sleep(1)
            done.append(number)

    async with Bus(shutdown_timeout=3.5) as bus:
        ref = bus.spawn(Slow)
        for number in range(9):
            await bus.tell(ref, number)
        loop = asyncio.get_running_loop()
        before = loop.time()
    assert done == [0, 1, 2]
    assert 3.5 <= loop.time() - before < 4.0


async def test_two_actors_that_never_come_to_an_end_of_each_other_end_when_the_time_is_over() -> None:
    class Ball(Actor):
        other = ""

        @handles(str)
        async def hit(self, ball: str) -> None:
            await asyncio.sleep(0.01)
            await self.tell(LOCAL / self.other, ball)

    class Ping(Ball):
        other = "pong"

    class Pong(Ball):
        other = "ping"

    async with Bus(shutdown_timeout=2.0) as bus:
        ping = bus.spawn(Ping, name="ping")
        bus.spawn(Pong, name="pong")
        await bus.tell(ping, "ball")
        await asyncio.sleep(1)
        loop = asyncio.get_running_loop()
        before = loop.time()
    assert 2.0 <= loop.time() - before < 2.5


async def test_an_actor_that_handles_it_hears_at_once_that_the_bus_closes() -> None:
    heard: list[object] = []

    class Polls(Actor):
        """Asks another for ever, until it hears that the bus closes."""

        over = False

        @handles(ShutdownStarted)
        def end(self, event: ShutdownStarted) -> None:
            heard.append(event)
            self.over = True

        @handles(str, reentrant=True)
        async def poll(self, _: str) -> None:
            while not self.over:
                await self.ask(LOCAL / "diary", 1)
                await asyncio.sleep(0.5)

    pages: list[str] = []
    async with Bus(shutdown_timeout=30.0) as bus:
        bus.spawn(Diary, pages, name="diary")
        polls = bus.spawn(Polls)
        await bus.tell(polls, "poll")
        await asyncio.sleep(2.2)
        loop = asyncio.get_running_loop()
        before = loop.time()
    assert heard == [ShutdownStarted(30.0)]
    assert loop.time() - before < 1
    assert pages == ["1"] * 5 + ["end of diary"]


async def test_an_actor_that_ends_already_need_not_hear_that_the_bus_closes_and_no_dead_letter_is_made_of_it() -> None:
    class Ends(Actor):
        @handles(ShutdownStarted)
        def closes(self, _: ShutdownStarted) -> None: ...

        async def on_stop(self) -> None:  # type: ignore[override]  # Pykka knows no async hooks
            await asyncio.sleep(0.1)

    async with Bus() as bus:
        ends = bus.spawn(Ends)
        await bus.started(ends)
        ends.stop(block=False)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await bus.aclose()
    assert bus.statistics().dead_letters == {}


async def test_plain_code_is_refused_while_actors_still_reach_each_other() -> None:
    pages: list[str] = []
    async with Bus() as bus:
        bus.spawn(Diary, pages, name="diary")
        jobs = bus.spawn(Jobs, "diary")
        await bus.tell(jobs, 1)
        closing = asyncio.create_task(bus.aclose())
        await asyncio.sleep(0)
        for send in (bus.tell, bus.ask):
            with pytest.raises(ShuttingDown):
                await send(LOCAL / "diary", 2)
        with pytest.raises(ShuttingDown):
            bus.spawn(Diary, pages)
        await closing
    assert pages == ["1", "end of diary"]


async def test_an_actor_that_rests_with_a_child_at_work_waits_for_it() -> None:
    pages: list[str] = []

    class Worker(Diary):
        @handles(str)
        async def work(self, text: str) -> None:
            await asyncio.sleep(3)
            self.pages.append(text)

    class Boss(Diary):
        @handles(str)
        def delegate(self, text: str) -> None:
            self.tell(self.spawn(Worker, self.pages, name="worker"), text)

    async with Bus(shutdown_timeout=5.0) as bus:
        boss = bus.spawn(Boss, pages, name="boss")
        await bus.tell(boss, "done")
    assert pages == ["done", "end of worker", "end of boss"]


async def test_an_actor_that_is_to_be_restarted_handles_what_it_has() -> None:
    pages: list[str] = []

    class Fails(Diary):
        @handles(str)
        def fail(self, text: str) -> None:
            raise ValueError(text)

    async with Bus(shutdown_timeout=5.0) as bus:
        fails = bus.spawn(Fails, pages, name="fails")
        for message in ("once", 1, 2):
            await bus.tell(fails, message)
        await asyncio.sleep(0)
    assert pages == ["1", "2", "end of fails"]


async def test_handlers_that_await_each_other_end_with_the_time_and_say_so() -> None:
    class Asks(Actor):
        def __init__(self, to: str) -> None:
            super().__init__()
            self.to = to

        @handles(int)
        async def ask_on(self, number: int) -> object:
            return await self.ask(LOCAL / self.to, number, timeout=60)

    async with Bus(shutdown_timeout=2.0) as bus:
        one = bus.spawn(Asks, "two", name="one")
        bus.spawn(Asks, "one", name="two")
        ask = asyncio.ensure_future(end_of(bus, one))
        await asyncio.sleep(0)
    assert isinstance(await ask, PeerbusError)


@pytest.mark.parametrize("dispatcher", ["loop", "thread"])
def test_a_bus_on_a_thread_of_its_own_drains_as_well(dispatcher: str) -> None:
    pages: list[str] = []
    bus = Bus(shutdown_timeout=5.0).start()
    jobs = bus.spawn(Jobs if dispatcher == "loop" else ThreadJobs, "diary")
    bus.spawn(Diary, pages, name="diary")
    for number in range(10):
        bus.tell(jobs, number).get(timeout=5)
    bus.stop()
    assert pages == [*map(str, range(10)), "end of diary"]
