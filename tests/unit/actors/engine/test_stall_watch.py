"""Who holds the event loop is named while he does, and nobody else ever."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FunctionType, ModuleType
from typing import Any

import pytest

from peerbus.actors import Actor, Bus, HandlerStalled, ReplyFuture, Supervision, engine, handles
from peerbus.actors.engine import stall_watch
from peerbus.actors.engine.stall_watch import StallWatch

#: Seconds; each test ends as soon as the warning is there.
LIMIT = 0.2
PATIENCE = 20.0


class Warned:
    """Takes the warnings; whoever blocks does so until there is one."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self._there = threading.Semaphore(0)

    def warning(self, event: str, **fields: Any) -> None:
        self.lines.append({"event": event, **fields})
        self._there.release()

    def block(self) -> None:
        """Hold the thread until somebody is warned."""
        assert self._there.acquire(timeout=PATIENCE)


@pytest.fixture
def warned(monkeypatch: pytest.MonkeyPatch) -> Warned:
    """Where the warnings go."""
    taken = Warned()
    monkeypatch.setattr(stall_watch, "log", taken)
    return taken


class Blocks(Actor):
    """Blocks wherever a message says."""

    def __init__(self, block: Callable[[], None], where: str = "") -> None:
        super().__init__()
        self.hold, self.where = block, where
        if where == "constructor":
            block()

    def on_start(self) -> None:
        if self.where == "on_start":
            self.hold()

    async def on_started(self) -> None:
        if self.where == "on_started":
            await asyncio.sleep(0)
            self.hold()

    def on_stop(self) -> None:
        if self.where == "on_stop":
            self.hold()

    def on_failure(self, *_: object) -> None:
        if self.where == "on_failure":
            self.hold()

    @handles(int)
    def plain(self, _: int) -> None:
        self.deeper()

    def deeper(self) -> None:
        self.hold()

    @handles(str)
    async def waits(self, _: str) -> None:
        await asyncio.sleep(0)
        self.hold()

    @handles(bytes, reentrant=True)
    async def beside(self, _: bytes) -> None:
        await asyncio.sleep(0)
        self.hold()

    @handles(float)
    async def starts(self, _: float) -> None:
        await self.create_task(self.task())

    async def task(self) -> None:
        self.hold()

    @handles(list)
    def fails(self, _: list[object]) -> None:
        raise ValueError("on purpose")


class Receives(Actor):
    def __init__(self, block: Callable[[], None]) -> None:
        super().__init__()
        self.hold = block

    def on_receive(self, _message: object) -> None:
        self.hold()


@contextmanager
def running(limit: float | None = LIMIT) -> Iterator[Bus]:
    """On a loop in real time: those of these tests are virtual."""
    with Bus("alice", slow_handler=limit) as bus:
        yield bus


@pytest.mark.parametrize(
    ("message", "handler", "of"),
    [(1, "plain", "int"), ("a", "waits", "str"), (b"", "beside", "bytes"), (1.0, "task", "")],
)
def test_a_handler_that_holds_the_loop_is_named_with_its_actor_and_message(
    warned: Warned, message: object, handler: str, of: str
) -> None:
    with running() as bus:
        bus.ask(bus.spawn(Blocks, warned.block, name="blocks"), message, timeout=PATIENCE).get()
    (line,) = warned.lines
    assert line["event"] == "a handler blocks the event loop"
    assert (line["node"], line["actor"]) == ("alice", "blocks")
    assert (line["handler"], line["message"]) == (f"Blocks.{handler}", of)
    assert "threading.py" in line["at"]
    assert line["seconds"] >= LIMIT
    assert "thread" in line["instead"]


def test_it_is_an_event_too_that_says_where_it_stands(warned: Warned) -> None:
    with running() as bus:
        heard: ReplyFuture[HandlerStalled] = ReplyFuture()

        class Listens(Actor):
            @handles(HandlerStalled)
            def hear(self, event: HandlerStalled) -> None:
                heard.succeed(event)

        bus.subscribe_actor(bus.spawn(Listens), HandlerStalled)
        bus.ask(bus.spawn(Blocks, warned.block, name="blocks"), 1, timeout=PATIENCE).get()
        event = heard.get(timeout=PATIENCE)
    assert (event.actor, event.handler, event.message) == ("blocks", "Blocks.plain", "int")
    assert event.seconds >= LIMIT
    names = [frame.split()[-1] for frame in event.stack]
    assert names[:2] == ["Blocks.plain", "Blocks.deeper"]
    assert all(":" in frame for frame in event.stack)


def test_so_is_what_pykka_calls(warned: Warned) -> None:
    with running() as bus:
        bus.ask(bus.spawn(Receives, warned.block), "x", timeout=PATIENCE).get()
    assert [line["handler"] for line in warned.lines] == ["Receives.on_receive"]


@pytest.mark.parametrize("where", ["constructor", "on_start", "on_started", "on_stop", "on_failure"])
def test_so_are_constructors_and_hooks(warned: Warned, where: str) -> None:
    with running() as bus:
        ref = bus.spawn(Blocks, warned.block, where, name="blocks", supervision=Supervision(budget=0))
        if where == "on_failure":
            bus.tell(ref, []).get()
    (line,) = warned.lines
    assert line["handler"] == ("Blocks.__init__" if where == "constructor" else f"Blocks.{where}")
    assert line["actor"] == "blocks"


def test_one_that_does_it_again_is_not_named_again_soon(warned: Warned, monkeypatch: pytest.MonkeyPatch) -> None:
    entered = threading.Event()
    go_on = threading.Event()

    def hold() -> None:
        if entered.is_set():
            go_on.wait(PATIENCE)
        else:
            entered.set()
            warned.block()

    with running() as bus:
        ref = bus.spawn(Blocks, hold)
        bus.ask(ref, 1, timeout=PATIENCE).get()
        watch = bus.life.stall_watch
        assert watch is not None
        again = bus.ask(ref, 1, timeout=PATIENCE)
        looked = threading.Event()
        look = watch._look

        def seen(*arguments: Any) -> bool:
            result = look(*arguments)
            looked.set()
            return result

        monkeypatch.setattr(watch, "_look", seen)  # to hear when it has looked
        assert looked.wait(PATIENCE)
        go_on.set()
        again.get()
    assert len(warned.lines) == 1


def test_a_handler_that_lets_others_run_is_never_named(warned: Warned, monkeypatch: pytest.MonkeyPatch) -> None:
    signs, never = threading.Semaphore(0), threading.Event()
    alive = StallWatch._alive

    def gives_a_sign(watch: StallWatch) -> None:
        alive(watch)
        signs.release()

    monkeypatch.setattr(StallWatch, "_alive", gives_a_sign)

    class Busy(Actor):
        @handles(int)
        async def work(self, count: int) -> None:
            while count:
                never.wait(0.02)  # of the loop's time, again and again
                await asyncio.sleep(0)
                count -= signs.acquire(blocking=False)

    with running(limit=2.0) as bus:
        bus.ask(bus.spawn(Busy), 3, timeout=PATIENCE).get()
    assert warned.lines == []


class IsCompiled(Actor):
    """What handles its messages has no frame: it is written in C, as the core itself may be."""

    def __init__(self, handle: Callable[[object], object]) -> None:
        super().__init__()
        vars(self)["on_receive"] = handle  # nothing in Python stands between

    def on_receive(self, message: object) -> object:
        raise NotImplementedError


def test_of_what_is_compiled_the_actor_and_the_message_are_told(
    warned: Warned, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = threading.Lock()
    held.acquire()

    def told(event: str, **fields: Any) -> None:
        warned.lines.append({"event": event, **fields})
        held.release()

    monkeypatch.setattr(warned, "warning", told)
    with running() as bus:
        assert bus.ask(bus.spawn(IsCompiled, held.acquire, name="compiled"), True, timeout=PATIENCE).get() is True
    (line,) = warned.lines
    assert (line["actor"], line["handler"], line["message"]) == ("compiled", "IsCompiled.on_receive", "bool")
    assert line["at"] == "compiled code"


class Spawns(Actor):
    @handles(int)
    def spawn_one(self, _: int) -> None:
        self.spawn(Blocks, self.hold, "constructor", name="inner")

    def __init__(self, block: Callable[[], None]) -> None:
        super().__init__()
        self.hold = block


def test_a_constructor_within_a_handler_is_its_own_actors(warned: Warned) -> None:
    with running() as bus:
        bus.ask(bus.spawn(Spawns, warned.block, name="outer"), 1, timeout=PATIENCE).get()
    assert [(line["handler"], line["actor"]) for line in warned.lines] == [("Blocks.__init__", "inner")]


def test_a_message_that_waited_for_the_start_is_no_hooks(warned: Warned) -> None:
    """It is handled in the very call that ends the start."""
    with running() as bus:
        ref = bus.spawn(Blocks, warned.block, "nowhere", name="blocks")
        bus.ask(ref, 1, timeout=PATIENCE).get()
    assert [(line["handler"], line["message"]) for line in warned.lines] == [("Blocks.plain", "int")]


def test_what_blocks_the_loop_and_is_no_actors_is_nobodys(warned: Warned, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = threading.Event()
    with running() as bus:
        watch = bus.life.stall_watch
        assert watch is not None
        bus.ask(bus.spawn(Blocks, lambda: None), 1, timeout=PATIENCE).get()  # one that is at no message any more
        look = watch._look

        def seen(*arguments: Any) -> bool:
            result = look(*arguments)
            looked.set()
            return result

        monkeypatch.setattr(watch, "_look", seen)
        bus.call(lambda: looked.wait(PATIENCE))
        assert looked.wait(PATIENCE)
    assert warned.lines == []


def test_an_actor_with_a_thread_may_block_it(warned: Warned) -> None:
    class OnThread(Receives):
        dispatcher = "thread"

    done = threading.Event()
    with running() as bus:
        ref = bus.spawn(OnThread, lambda: done.wait(PATIENCE))
        asked = bus.ask(ref, "x", timeout=PATIENCE)
        other = bus.spawn(Blocks, warned.block)
        bus.ask(other, 1, timeout=PATIENCE).get()  # longer than the limit, all the while
        done.set()
        asked.get()
    assert [line["handler"] for line in warned.lines] == ["Blocks.plain"]


def test_nothing_is_left_of_the_watch_when_the_bus_has_stopped() -> None:
    with running() as bus:
        assert any(thread.name == "peerbus alice stall watch" for thread in threading.enumerate())
    assert not any("stall watch" in thread.name for thread in threading.enumerate())
    assert bus.closing
    with running(limit=None) as bus:
        assert bus.life.stall_watch is None


async def test_where_time_is_virtual_nobody_watches() -> None:
    async with Bus() as bus:
        assert bus.life.stall_watch is None


@pytest.mark.parametrize("limit", [0, -1, float("nan"), float("inf")])
def test_a_limit_that_is_none_is_refused(limit: float) -> None:
    with pytest.raises(ValueError, match="slow_handler"):
        Bus(slow_handler=limit)


def test_what_it_looks_for_is_there_under_that_name() -> None:
    there = {
        function.__qualname__: function.__code__.co_varnames
        for module in vars(engine).values()
        if isinstance(module, ModuleType)
        for owner in (module, *(each for each in vars(module).values() if isinstance(each, type)))
        for function in vars(owner).values()
        if isinstance(function, FunctionType) and function.__module__ == module.__name__
    }
    assert {name: variable for name, variable in stall_watch.DOORS.items() if variable not in there.get(name, ())} == {}
