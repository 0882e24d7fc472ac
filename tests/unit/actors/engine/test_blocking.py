"""Functions that block, on threads: how many at once, who is told, and what becomes of them at the end."""

from __future__ import annotations

import asyncio
import threading
from contextvars import ContextVar
from functools import partial
from threading import Event, get_ident

import pytest
from virtual_time import eventually, in_real_time, log_of_the_loop

from peerbus.actors import (
    LOCAL,
    Actor,
    ActorStopped,
    Bus,
    Channel,
    DeadlineExceeded,
    Message,
    PeerbusError,
    Reactor,
    RemoteError,
    Request,
    ShuttingDown,
    Supervision,
    check_cancelled,
    handles,
    wait_cancelled,
)
from peerbus.actors.engine import BlockingThreads, BlockingView
from peerbus.testing import Simulation

WHO: ContextVar[str] = ContextVar("WHO", default="nobody")
#: More than any test takes.
LONG = 60.0


class Work(Message, Request[str]):
    name: str


class Desk(Reactor):
    """Does by a function of the test what it is asked."""

    channel = Channel("desk", messages=(Work,))

    def __init__(self, scene: Scene) -> None:
        super().__init__()
        self.scene = scene

    @handles(Work, reentrant=True)
    async def work(self, work: Work) -> str:
        if work.name == "fail":
            raise ValueError("the desk fails")
        return await self.run_blocking(self.scene.block, work.name)


class OnThread(Desk):
    """The same on a thread of its own."""

    dispatcher = "thread"


class Scene:
    """What the functions of one test do, and how many of them ran at once."""

    def __init__(self) -> None:
        self.gate = Event()
        self.begun: list[str] = []
        self.told: list[str] = []
        self.threads: set[int] = set()
        self.at_once = self.most = 0
        self.stubborn = False
        self._lock = threading.Lock()

    def block(self, name: str) -> str:
        with self._lock:
            self.begun.append(name)
            self.threads.add(get_ident())
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        try:
            while not self.gate.wait(0.002):
                if not self.stubborn:
                    check_cancelled()
        except asyncio.CancelledError:
            self.told.append(name)
            raise
        finally:
            with self._lock:
                self.at_once -= 1
        return f"{name} by {WHO.get()}"

    async def until(self, begun: int) -> None:
        await eventually(lambda: len(self.begun) >= begun)


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def settled(threads: BlockingThreads, view: BlockingView) -> None:
    await eventually(lambda: threads.view() == view)


@pytest.mark.parametrize("kind", [Desk, OnThread])
@in_real_time
async def test_a_function_runs_beside_the_loop_with_its_arguments_and_context(scene: Scene, kind: type[Desk]) -> None:
    scene.gate.set()
    token = WHO.set("alice")
    async with Bus(reactors=[lambda: kind(scene)]) as bus:
        assert await bus.ask(LOCAL / Desk, Work("a")) == "a by alice"
    WHO.reset(token)
    assert get_ident() not in scene.threads


@in_real_time
async def test_no_more_run_at_once_than_the_bus_says_and_the_others_wait_their_turn(scene: Scene) -> None:
    async with Bus(reactors=[lambda: Desk(scene)], blocking_threads=2) as bus:
        asks = [asyncio.ensure_future(bus.ask(LOCAL / Desk, Work(name))) for name in "abcdef"]
        await scene.until(2)
        await settled(bus.life.blocking, BlockingView(2, 2, 4, 0))
        scene.gate.set()
        assert [answer[0] for answer in await asyncio.gather(*asks)] == list("abcdef")
        assert (scene.most, sorted(scene.begun[:2]), len(scene.threads)) == (2, ["a", "b"], 2)


@in_real_time
async def test_whose_deadline_comes_goes_on_the_function_is_told_and_what_waits_never_begins(scene: Scene) -> None:
    async with Bus(reactors=[lambda: Desk(scene)], blocking_threads=1) as bus:
        first = asyncio.ensure_future(bus.ask(LOCAL / Desk, Work("a"), timeout=0.05))
        second = asyncio.ensure_future(bus.ask(LOCAL / Desk, Work("b"), timeout=0.05))
        for ask in (first, second):
            with pytest.raises(DeadlineExceeded):
                await ask
        await settled(bus.life.blocking, BlockingView(1, 0, 0, 0))
        assert (scene.begun, scene.told) == (["a"], ["a"])
        scene.gate.set()
        assert await bus.ask(LOCAL / Desk, Work("c")) == "c by nobody"


@in_real_time
async def test_a_function_that_does_not_look_keeps_its_place_until_it_returns(scene: Scene) -> None:
    scene.stubborn = True
    async with Bus(reactors=[lambda: Desk(scene)], blocking_threads=1) as bus:
        given_up = asyncio.ensure_future(bus.ask(LOCAL / Desk, Work("a")))
        await scene.until(1)
        given_up.cancel()
        await settled(bus.life.blocking, BlockingView(1, 1, 0, 1))
        ask = asyncio.ensure_future(bus.ask(LOCAL / Desk, Work("b")))
        await settled(bus.life.blocking, BlockingView(1, 1, 1, 1))
        scene.gate.set()
        assert await ask == "b by nobody"


@in_real_time
async def test_the_threads_outlive_a_restart_and_its_functions_are_told(scene: Scene) -> None:
    quick = Supervision(backoff=0.0)
    async with Bus() as bus:
        desk = bus.spawn(lambda: Desk(scene), supervision=quick)
        await bus.started(desk)
        asked = asyncio.ensure_future(bus.ask(desk, Work("a")))
        await scene.until(1)
        await bus.tell(desk, Work("fail"))
        with pytest.raises(ActorStopped):
            await asked
        await settled(bus.life.blocking, BlockingView(bus.life.blocking.view().most, 0, 0, 0))
        assert scene.told == ["a"]
        scene.gate.set()
        assert await bus.ask(desk, Work("b")) == "b by nobody"


class Caller(Actor):
    """Calls what it is told, and keeps what came of it."""

    async def on_receive(self, message: object) -> object:
        assert callable(message)
        return await self.run_blocking(message)


def stops() -> None:
    raise StopIteration("odd")


def fails() -> None:
    raise LookupError("not there")


@pytest.mark.parametrize(("function", "error"), [(fails, "LookupError"), (stops, "PeerbusError")])
@in_real_time
async def test_what_a_function_raises_its_caller_gets(function: object, error: str) -> None:
    async with Bus() as bus:
        with pytest.raises(RemoteError) as raised:
            await bus.ask(bus.spawn(Caller), function)
        assert raised.value.code == error


@in_real_time
async def test_a_coroutine_function_and_an_actor_without_a_bus_are_told_what_to_do() -> None:
    async def awaits() -> None: ...

    async with Bus() as bus:
        with pytest.raises(RemoteError, match="awaits is `async def`: await it"):
            await bus.ask(bus.spawn(Caller), awaits)
    alone = Caller.start()
    try:
        with pytest.raises(PeerbusError, match="is on no bus"):
            alone.ask(fails)
    finally:
        alone.stop()


@in_real_time
async def test_at_the_end_the_work_at_hand_is_finished_and_then_told(scene: Scene) -> None:
    bus = Bus(reactors=[lambda: Desk(scene)], shutdown_timeout=0.05)
    async with bus:
        ask = asyncio.ensure_future(bus.ask(LOCAL / Desk, Work("a")))
        await scene.until(1)
    assert scene.told == ["a"]
    with pytest.raises(ActorStopped):
        await ask
    with pytest.raises(ShuttingDown):
        await bus.life.blocking.run(fails, "late")


@in_real_time
async def test_what_does_not_return_is_named_and_keeps_nobody(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("peerbus.actors.engine.blocking.PATIENCE", 0.05)
    scene.stubborn = True
    bus = Bus(reactors=[lambda: Desk(scene)], shutdown_timeout=0.02)
    async with bus:
        ask = asyncio.ensure_future(bus.ask(LOCAL / Desk, Work("a")))
        await scene.until(1)
    with pytest.raises(ActorStopped):
        await ask
    (line,) = [line for line in log_of_the_loop().lines if line["event"].startswith("functions do not return")]
    assert line["functions"] == ["desk: Scene.block"]
    assert bus.life.blocking.view().told == 1
    scene.gate.set()


@in_real_time
async def test_whoever_ends_the_threads_from_anywhere_tells_all_and_refuses_what_waits(scene: Scene) -> None:
    threads = BlockingThreads("alice", 1)
    running, waiting = (asyncio.ensure_future(threads.run(partial(scene.block, name), name)) for name in "ab")
    await scene.until(1)
    ending = threading.Thread(target=threads.tell_all)
    ending.start()
    with pytest.raises(ShuttingDown, match="alice stops, b was not begun"):
        await waiting
    with pytest.raises(PeerbusError, match="nobody waits for this function"):
        await running
    ending.join()
    assert scene.begun == scene.told == ["a"]
    await threads.aclose()


@in_real_time
async def test_outside_of_a_call_nothing_is_special() -> None:
    check_cancelled()
    assert not wait_cancelled(0.0)


def test_in_a_simulation_a_function_takes_no_time() -> None:
    sim = Simulation(seed=1)

    async def runs() -> None:
        node = await sim.node("alice")
        caller = node.spawn(Caller)
        before = sim.time
        assert await node.ask(caller, lambda: get_ident() == node.bus.thread)
        assert sim.time - before < 0.1

    sim.run(runs())


@pytest.mark.parametrize("most", [0, -1, True, 1.5])
def test_a_number_of_threads_is_one_or_more(most: int) -> None:
    with pytest.raises(ValueError, match="blocking_threads is"):
        Bus(blocking_threads=most)
