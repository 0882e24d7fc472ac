"""How a bus ends: who drains with whom, who ends before whom, and what becomes of what is late."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
import weakref
from collections.abc import AsyncIterator, Callable
from typing import Any, ClassVar, Literal

import pytest
from virtual_time import eventually

from peerbus.actors import (
    LOCAL,
    Actor,
    ActorStopped,
    Bus,
    Ending,
    Peer,
    PeerbusError,
    Ref,
    RemoteError,
    SendError,
    ShutdownStarted,
    ShuttingDown,
    handles,
)
from peerbus.actors.engine.thread_cell import ThreadCell
from peerbus.actors.mailbox import NO_CHANNEL


class Diary(Actor):
    """Keeps what it is told, and writes down its end."""

    def __init__(self, pages: list[str]) -> None:
        super().__init__()
        self.pages = pages

    @handles(int)
    def note(self, number: int) -> int:
        self.pages.append(str(number))
        return number

    def on_stop(self) -> None:
        self.pages.append(f"end of {self.address.reactor}")


class Jobs(Actor):
    """Each job takes a moment, and then tells or asks the actor called `to`."""

    def __init__(self, to: str, *, asks: bool = False) -> None:
        super().__init__()
        self.to = LOCAL / to
        self.asks = asks
        self.failed: list[SendError | RemoteError] = []

    @handles(int)
    async def job(self, number: int) -> None:
        await asyncio.sleep(0.001)
        try:
            await (self.ask(self.to, number) if self.asks else self.tell(self.to, number))
        except (SendError, RemoteError) as error:
            self.failed.append(error)


class ThreadJobs(Jobs):
    """The same on a thread of its own."""

    dispatcher = "thread"


def diary(name: str, pages: list[str]) -> Callable[[Bus], object]:
    return lambda bus: bus.spawn(Diary, pages, name=name)


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
        ask = asyncio.ensure_future(_end_of(bus, one))
        await asyncio.sleep(0)
    assert isinstance(await ask, PeerbusError)


async def _end_of(bus: Bus, ref: Ref[Any]) -> BaseException | None:
    try:
        await bus.ask(ref, 1, timeout=60)
    except (SendError, PeerbusError) as error:
        return error
    return None


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


def test_an_actor_on_a_thread_that_is_told_by_a_thread_is_not_ended_before_it_hears() -> None:
    pages: list[str] = []
    go = threading.Event()

    class Blocks(ThreadJobs):
        @handles(int)
        def job(self, number: int) -> None:  # type: ignore[override]  # it blocks instead
            go.wait(5)
            self.tell(self.to, number)

    class ThreadDiary(Diary):
        dispatcher = "thread"

    bus = Bus(shutdown_timeout=5.0).start()
    jobs = bus.spawn(Blocks, "diary")
    bus.spawn(ThreadDiary, pages, name="diary")
    bus.tell(jobs, 1).get(timeout=5)
    threading.Timer(0.05, go.set).start()
    bus.stop()
    assert pages == ["1", "end of diary"]


async def test_messages_that_were_queued_behind_a_stuck_handler_say_that_the_actor_stopped() -> None:
    class Stuck(Actor):
        @handles(int)
        async def stick(self, _: int) -> None:
            await asyncio.Event().wait()

    async with Bus(shutdown_timeout=1.0) as bus:
        stuck = bus.spawn(Stuck)
        asks = [asyncio.ensure_future(_end_of(bus, stuck)) for _ in range(3)]
        await asyncio.sleep(0)
    assert {type(end) for end in await asyncio.gather(*asks)} == {ActorStopped}


async def test_who_waits_for_a_peer_hears_at_once_that_nobody_comes_any_more() -> None:
    class Slow(Actor):
        @handles(float)
        async def nap(self, seconds: float) -> None:
            await asyncio.sleep(seconds)

        @handles(str)
        async def wait(self, _: str) -> object:
            return await self.ask(Peer("0" * 64) / "anybody", "hello", timeout=60, wait_for_peer=True)

    async with Bus(shutdown_timeout=30.0) as bus:
        await bus.tell(bus.spawn(Slow), 5.0)
        loop = asyncio.get_running_loop()
        waits = [
            asyncio.ensure_future(bus.ask(Peer("0" * 64) / "anybody", "hello", timeout=60, wait_for_peer=True)),
            asyncio.ensure_future(bus.ask(bus.spawn(Slow), "wait", timeout=60)),
        ]
        await asyncio.sleep(1)
        closing = asyncio.create_task(bus.aclose())
        before = loop.time()
        ends = await asyncio.gather(*waits, return_exceptions=True)
        assert loop.time() - before < 0.1
        assert isinstance(ends[0], ShuttingDown)
        assert isinstance(ends[1], RemoteError)
        assert "shutting down" in ends[1].text
        await closing


def test_a_child_whose_handler_never_returns_holds_neither_the_bus_nor_its_askers() -> None:
    go = threading.Event()

    class Stuck(Actor):
        dispatcher = "thread"

        @handles(int)
        def stick(self, _: int) -> None:
            go.wait(30)

    class Parent(Actor):
        def __init__(self) -> None:
            super().__init__()
            self.spawn(Stuck, name="stuck")

    bus = Bus(shutdown_timeout=0.1).start()
    bus.spawn(Parent, name="parent")
    stuck = bus.cell("stuck")
    assert isinstance(stuck, ThreadCell)
    ask = bus.ask(LOCAL / "stuck", 1, timeout=60)
    bus.stop()
    with pytest.raises(ActorStopped):
        ask.get(timeout=1)
    go.set()
    stuck.thread.join(10)


async def test_many_hooks_that_hang_do_not_add_up() -> None:
    ended: list[int] = []

    class Hangs(Actor):
        async def on_stop(self) -> None:  # type: ignore[override]  # Pykka knows no async hooks
            ended.append(1)
            await asyncio.Event().wait()

    class Fine(Actor):
        def on_stop(self) -> None:
            ended.append(2)

    async with Bus(shutdown_timeout=1.0) as bus:
        for number in range(40):
            bus.spawn(Fine if number % 2 else Hangs)
        loop = asyncio.get_running_loop()
        before = loop.time()
    assert loop.time() - before < 5.0
    assert sorted(ended) == [1] * 20 + [2] * 20


class StuckOnLoop(Actor):
    """Its handler never returns, until the test lets it go."""

    def __init__(self, began: threading.Event, go: threading.Event) -> None:
        super().__init__()
        self.began, self.go = began, go

    @handles(int)
    async def handle(self, number: int) -> None:
        self.began.set()
        while not self.go.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(1000)


class StuckOnThread(StuckOnLoop):
    dispatcher: ClassVar[Literal["loop", "thread"] | None] = "thread"

    @handles(int)
    def handle(self, number: int) -> None:  # type: ignore[override]  # on a thread
        self.began.set()
        self.go.wait(60)


class StuckParent(StuckOnThread):
    """Has children that have nothing to do."""

    def on_start(self) -> None:
        self.spawn(StuckOnLoop, self.began, self.go, name="on-the-loop")
        self.spawn(StuckOnThread, self.began, self.go, name="on-a-thread")


@pytest.mark.parametrize("kind", [StuckOnLoop, StuckOnThread, StuckParent])
def test_nothing_stays_open_of_an_actor_that_is_left_behind(
    kind: type[StuckOnLoop], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("peerbus.actors.engine.closing.KILL_TIMEOUT", 0.02)
    monkeypatch.setattr("peerbus.actors.engine.closing.GRACE", 0.02)
    began, go = threading.Event(), threading.Event()
    ended: list[str] = []

    async def main() -> None:
        bus = Bus(shutdown_timeout=0.01)
        await bus.__aenter__()
        ref = bus.spawn(kind, began, go, name="stuck")
        await bus.started(ref)
        for number in range(3):
            await bus.tell(ref, number)
        later = ref.stop(block=False)
        await eventually(began.is_set)
        await bus.aclose()
        assert list(bus.actors.running()) == []
        assert await asyncio.wait_for(later, 10)
        assert not ref.is_alive()
        with pytest.raises(ActorStopped):
            ref.tell(9)
        statistics = bus.statistics()
        assert statistics.dead_letters == {"actor_stopped": 3}
        local = statistics.ledger.local[NO_CHANNEL]
        assert (local.sent, local.delivered, local.dropped) == (3, 3, {"actor_stopped": 2})
        assert local.undone == {"actor_stopped": 1}
        ended.append("all of it")

    try:
        asyncio.run(main())
        assert ended
    finally:
        go.set()
        for thread in threading.enumerate():
            if thread is not threading.current_thread():
                thread.join(10)


class Busy(Actor):
    """Is at work until it is killed: with its turn, beside it, or between two items."""

    @handles(int)
    async def hold(self, _: int) -> None:
        await asyncio.Event().wait()

    @handles(str, reentrant=True)
    async def stay(self, _: str) -> None:
        await asyncio.Event().wait()

    @handles(bytes)
    async def items(self, _: bytes) -> AsyncIterator[int]:
        yield 1
        await asyncio.Event().wait()


async def read_on(bus: Bus, ref: Ref[Busy], begun: asyncio.Event) -> None:
    async for _ in bus.stream(ref, b""):
        begun.set()


@pytest.mark.parametrize("message", [1, "", b""], ids=["turn", "beside", "items"])
@pytest.mark.parametrize("told", [True, False])
async def test_a_bus_that_was_closed_over_its_work_is_kept_by_nothing(message: object, told: bool) -> None:
    async def closed() -> weakref.ref[Bus]:
        async with Bus(shutdown_timeout=0.01) as bus:
            ref = bus.spawn(Busy)
            if told:
                await bus.tell(ref, message)
                await asyncio.sleep(0)
                return weakref.ref(bus)
            begun = asyncio.Event()
            work = read_on(bus, ref, begun) if message == b"" else bus.ask(ref, message)
            waits = asyncio.ensure_future(work)
            if message == b"":
                await begun.wait()
            await asyncio.sleep(0)
            gone = weakref.ref(bus)
        with contextlib.suppress(ActorStopped):
            await waits
        return gone

    gone = await closed()
    await asyncio.sleep(0)
    gc.collect()
    assert gone() is None
