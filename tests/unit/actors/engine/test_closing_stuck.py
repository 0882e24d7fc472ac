"""How a bus ends over actors that never come to an end, and what is kept of them."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
import weakref
from collections.abc import AsyncIterator
from typing import ClassVar, Literal

import pytest
from diaries import Diary, ThreadJobs, end_of
from virtual_time import eventually

from peerbus.actors import (
    LOCAL,
    Actor,
    ActorStopped,
    Bus,
    Peer,
    Ref,
    RemoteError,
    ShuttingDown,
    handles,
)
from peerbus.actors.engine.thread_cell import ThreadCell
from peerbus.actors.mailbox import NO_CHANNEL


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
        asks = [asyncio.ensure_future(end_of(bus, stuck)) for _ in range(3)]
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
