"""Actors on threads of their own, on a bus and with it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from peerbus.actors import (
    LOCAL,
    Actor,
    ActorStopped,
    Address,
    Bus,
    Channel,
    DeadLetter,
    DeadlineExceeded,
    Directive,
    MessageTypeError,
    Overflow,
    PeerbusError,
    Reactor,
    Ref,
    RemoteError,
    Supervision,
    Terminated,
    WouldDeadlock,
    handles,
)
from peerbus.actors.engine.thread_cell import ThreadCell

NOW = Supervision(backoff=0.0)


@dataclass(frozen=True)
class Note:
    text: str


@dataclass(frozen=True)
class Wait:
    gate: threading.Event


def inside(ref: Ref[Any]) -> Any:
    """The actor itself, which no user gets at."""
    return ref._cell.actor


def thread_of(ref: Ref[Any]) -> threading.Thread:
    """The thread that runs the actor."""
    assert isinstance(ref._cell, ThreadCell)
    return ref._cell.thread


class Blocking(Actor):
    """Blocks its thread until a gate opens."""

    dispatcher = "thread"

    def __init__(self, events: list[object] | None = None) -> None:
        super().__init__()
        self.events: list[object] = [] if events is None else events

    def on_start(self) -> None:
        self.events.append("start")

    async def on_stop(self) -> None:  # type: ignore[override]  # Pykka says None
        self.events.append("stop")

    def on_failure(self, *_: object) -> None:
        self.events.append("failure")

    @handles(Wait)
    def wait(self, message: Wait) -> str:
        message.gate.wait(10)
        return threading.current_thread().name

    @handles(int)
    def number(self, message: int) -> int:
        self.events.append(message)
        return message

    @handles(float)
    async def nap(self, message: float) -> float:
        await asyncio.sleep(message)
        self.events.append(message)
        return message

    @handles(str)
    def fail(self, message: str) -> None:
        raise ValueError(message)

    @handles(bytes)
    def stop_timer(self, _: bytes) -> None:
        self.every(0.001, 1)


async def until(condition: Callable[[], object]) -> None:
    """Look again until another thread has made it so."""
    while not condition():  # noqa: ASYNC110  # nothing tells this loop of it
        await asyncio.sleep(0.001)


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    made = threading.Event()
    yield made
    made.set()


async def test_a_blocking_handler_does_not_stop_the_loop(gate: threading.Event) -> None:
    async with Bus() as bus:
        ref = bus.spawn(Blocking)
        ask = bus.ask(ref, Wait(gate))
        await asyncio.sleep(0)
        gate.set()
        assert await ask != threading.current_thread().name
        assert [await bus.ask(ref, message) for message in (1, 0.001, 2)] == [1, 0.001, 2]


async def test_errors_and_types_are_as_on_the_loop() -> None:
    class Typed(Reactor):
        channel = Channel("typed", messages=(Note,))
        dispatcher = "thread"

        @handles(Note)
        def never(self, _: Note) -> None: ...

    async with Bus(reactors=[Typed]) as bus:
        ref = bus.spawn(Blocking)
        with pytest.raises(RemoteError, match="ValueError"):
            await bus.ask(ref, "x")
        with pytest.raises(MessageTypeError):
            await bus.ask(ref, [])
        with pytest.raises(MessageTypeError):
            await bus.ask(LOCAL / "typed", 1)
        with pytest.raises(MessageTypeError):
            await bus.tell(LOCAL / "typed", 1)
        assert bus.statistics().actors["typed"].failed == {"message_type": 2}


async def test_deadlines_pass_while_the_thread_is_busy(gate: threading.Event) -> None:
    async with Bus() as bus:
        ref = bus.spawn(Blocking)
        handling = bus.ask(ref, Wait(gate), timeout=0.05)
        waiting = bus.ask(ref, 1, timeout=0.05)
        for ask, phase in ((handling, "handler"), (waiting, "mailbox")):
            with pytest.raises(DeadlineExceeded) as caught:
                await ask
            assert caught.value.phase == phase
        gate.set()
        assert await bus.ask(ref, 2) == 2
        assert inside(ref).events == ["start", 2]


async def test_a_full_mailbox_of_a_thread_lets_the_loop_wait_without_blocking(gate: threading.Event) -> None:
    class Tiny(Blocking):
        mailbox_limit = 1

    async with Bus() as bus, bus.subscribe(DeadLetter) as letters:
        ref = bus.spawn(Tiny)
        handling = bus.ask(ref, Wait(gate))
        await until(ref._cell.mailbox.empty)
        await bus.tell(ref, 1)
        with pytest.raises(DeadlineExceeded) as caught:
            await bus.tell(ref, 2, timeout=0.02)
        assert caught.value.phase == "mailbox"
        bus.tell(ref, 3)  # not awaited
        assert [(await letters.get()).message for _ in range(2)] == [2, 3]
        waiting = asyncio.ensure_future(_awaited(bus.ask(ref, 4)))
        await asyncio.sleep(0)
        gate.set()
        await handling
        assert await waiting == 4
        assert inside(ref).events == ["start", 1, 4]
        stats = ref.statistics()
        assert stats.sent == stats.delivered + sum(stats.failed.values()) + stats.waiting


async def _awaited(outcome: object) -> object:
    return await outcome  # type: ignore[misc]  # an outcome


async def test_a_flood_of_a_busy_thread_stays_bounded(gate: threading.Event) -> None:
    class Newest(Blocking):
        mailbox_limit = 8
        overflow = Overflow.DROP_OLDEST

    async with Bus() as bus:
        ref = bus.spawn(Newest)
        handling = bus.ask(ref, Wait(gate))
        await until(ref._cell.mailbox.empty)
        for i in range(1_000):
            await bus.tell(ref, i)
        assert len(ref._cell.mailbox) <= 16
        gate.set()
        await handling
        assert await bus.ask(ref, -1) == -1
        numbers = [event for event in inside(ref).events if isinstance(event, int)]
        assert numbers == [*range(992, 1_000), -1] or numbers == [*range(993, 1_000), -1]


async def test_a_failed_tell_rebuilds_the_actor_on_its_thread() -> None:
    events: list[object] = []
    async with Bus() as bus:
        ref = bus.spawn(Blocking, events, supervision=NOW)
        for message in (1, "poison", 2):
            await bus.tell(ref, message)
        assert await bus.ask(ref, 3) == 3
        assert events == ["start", 1, "failure", "start", 2, 3]
        assert await ref.stop(block=False) is True
        assert events[-1] == "stop"


async def test_kill_and_stop_during_a_backoff() -> None:
    class Escalates(Blocking):
        supervision = Supervision(backoff=1000.0, max_backoff=1000.0)

    async with Bus() as bus, bus.subscribe(DeadLetter) as letters:
        for end in ("kill", "stop"):
            ref = bus.spawn(Escalates)
            actor = inside(ref)
            await bus.tell(ref, "fail")
            assert (await letters.get()).reason == "handler_failed"
            watcher = bus.spawn(Watcher, ref)
            if end == "kill":
                ref._cell.kill("test")
            else:
                ref.stop(block=False)
            assert len((await bus.ask(watcher, "wait", reply=Terminated)).reason) > 0
            assert actor.events == ["start", "failure"]


class Watcher(Actor):
    """Answers with the next Terminated."""

    def __init__(self, *targets: Ref[Actor]) -> None:
        super().__init__()
        self.targets = targets
        self.gone: asyncio.Queue[Terminated] = asyncio.Queue()

    def on_start(self) -> None:
        for target in self.targets:
            self.watch(target)

    @handles(Terminated)
    def ended(self, message: Terminated) -> None:
        self.gone.put_nowait(message)

    @handles(str, reentrant=True)
    async def wait(self, _: str) -> Terminated:
        return await self.gone.get()


async def test_ends_on_threads_are_heard_by_watchers_on_the_loop_and_the_other_way() -> None:
    class ThreadWatcher(Blocking):
        def __init__(self, target: Ref[Actor], heard: threading.Event) -> None:
            super().__init__()
            self.target, self.heard = target, heard

        def on_start(self) -> None:
            self.watch(self.target)

        @handles(Terminated)
        def ended(self, _: Terminated) -> None:
            self.heard.set()

    async with Bus() as bus:
        for _ in range(20):  # a race between the watch and the end is lost by nobody
            ref = bus.spawn(Blocking)
            ref.stop(block=False)
            watcher = bus.spawn(Watcher, ref)
            assert (await bus.ask(watcher, "wait", reply=Terminated)).reason == "stopped"
        heard = threading.Event()
        log = bus.spawn(Watcher)
        watching = bus.spawn(ThreadWatcher, log, heard)
        assert await bus.ask(watching, 1) == 1
        await log.stop(block=False)
        await until(heard.is_set)


async def test_children_on_threads_end_before_their_parent_and_parents_on_threads_have_children() -> None:
    events: list[object] = []

    class Parent(Actor):
        def on_start(self) -> None:
            self.spawn(Blocking, events)
            self.spawn(ThreadParent, events)

        @handles(int)
        def number(self, message: int) -> int:
            return message

        def on_stop(self) -> None:
            events.append("parent stop")

    class ThreadParent(Blocking):
        def on_start(self) -> None:
            self.child = self.spawn(LoopChild)
            assert self.child.ask(5, timeout=10) == 5

    class LoopChild(Actor):
        @handles(int)
        def number(self, message: int) -> int:
            return message

        def on_stop(self) -> None:
            events.append("loop child stop")

    async with Bus() as bus:
        ref = bus.spawn(Parent)
        assert await bus.ask(ref, 1) == 1
        await until(lambda: len(bus.statistics().actors) == 6)
        assert await ref.stop(block=False) is True
        assert len(bus.statistics().actors) == 2
    assert sorted(map(str, events)) == ["loop child stop", "parent stop", "start", "stop", "stop"]
    assert events[-1] == "parent stop"


async def test_a_rebuilt_parent_finds_the_name_of_its_child_on_a_thread_free() -> None:
    class Parent(Actor):
        def on_start(self) -> None:
            self.spawn(Blocking, name="child")

        @handles(str)
        def fail(self, message: str) -> None:
            raise ValueError(message)

        @handles(int)
        def number(self, message: int) -> int:
            return message

    async with Bus() as bus:
        ref = bus.spawn(Parent, supervision=Supervision(backoff=0.0, budget=100))
        for i in range(10):
            await bus.tell(ref, "fail")
            assert await bus.ask(ref, i) == i
        assert bus.statistics().dead_letters == {"handler_failed": 10}


async def test_a_failure_on_a_thread_is_escalated() -> None:
    class Escalates(Blocking):
        supervision = Supervision(directive=Directive.ESCALATE)

    async with Bus() as bus:
        bus.spawn(Escalates).tell("fail")
        await bus.wait_stopped()
        assert isinstance(bus.life.escalation, ValueError)


async def test_an_on_start_that_fails_on_a_thread_fails_the_bus() -> None:
    class Bad(Blocking):
        def on_start(self) -> None:
            raise OSError("no disk")

    for _ in range(10):
        with pytest.raises(OSError, match="no disk"):
            async with Bus(reactors=[Bad]):
                pass


async def test_a_stop_of_the_bus_does_not_wait_for_ever_for_a_thread(gate: threading.Event) -> None:
    bus = Bus(shutdown_timeout=0.05)
    async with bus:
        ref = bus.spawn(Blocking)
        ask = bus.ask(ref, Wait(gate))
        await until(ref._cell.mailbox.empty)
    assert not ref.is_alive()
    assert thread_of(ref).is_alive()
    gate.set()
    thread_of(ref).join(10)
    assert not thread_of(ref).is_alive()
    with pytest.raises(ActorStopped, match="did not come to an end before its bus stopped"):
        await ask


def test_a_thread_that_outlives_the_bus_ends_in_peace(gate: threading.Event) -> None:
    bus = Bus(shutdown_timeout=0.05).start()
    ref = bus.spawn(Blocking)
    waiting = ref.ask(Wait(gate), block=False)
    other = ref.ask(1, block=False)
    while len(ref._cell.mailbox) > 1:
        threading.Event().wait(0.001)
    bus.stop()
    for ask, why in ((waiting, "did not come to an end before its bus stopped"), (other, "stopped before handling")):
        with pytest.raises(ActorStopped, match=why):
            ask.get()
    gate.set()
    thread_of(ref).join(10)
    with pytest.raises(ActorStopped):
        ref.ask(2, timeout=10)


async def test_an_actor_on_a_thread_asks_and_tells_by_the_same_names() -> None:
    class Front(Blocking):
        def __init__(self, back: Ref[Blocking]) -> None:
            super().__init__()
            self.back = back

        @handles(int)
        def forward(self, message: int) -> object:
            self.tell(self.back, message).get()
            return self.ask(self.back, message + 1).get(timeout=10)

        @handles(float)
        async def later(self, message: float) -> object:
            await self.tell(LOCAL / "back", 1)
            return await self.ask(LOCAL / "back", message)

        @handles(str)
        def itself(self, message: str) -> object:
            to: Ref[Any] | Address[object] = self.actor_ref if message == "ref" else self.address
            return self.ask(to, 1).get(timeout=10)

    async with Bus() as bus:
        back = bus.spawn(Blocking, name="back")
        front = bus.spawn(Front, back)
        assert await bus.ask(front, 1) == 2
        assert await bus.ask(front, 0.001) == 0.001
        assert inside(back).events == ["start", 1, 2, 1, 0.001]
        for message in ("ref", "address"):
            with pytest.raises(RemoteError) as caught:
                await bus.ask(front, message)
            assert isinstance(caught.value.__cause__, WouldDeadlock)


async def test_timers_of_a_thread_end_with_it() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Blocking)
        await bus.tell(ref, b"")
        await until(lambda: inside(ref).events.count(1) >= 3)
        assert await ref.stop(block=False) is True


async def test_blocking_spawn_on_a_loop_is_refused() -> None:
    other = Bus().start()
    try:

        class Spawns(Actor):
            @handles(int)
            def go(self, _: int) -> None:
                other.spawn(Blocking)

        async with Bus() as bus:
            with pytest.raises(RemoteError) as caught:
                await bus.ask(bus.spawn(Spawns), 1)
            assert isinstance(caught.value.__cause__, PeerbusError)
    finally:
        other.stop()


def test_many_threads_wake_an_actor_and_no_wake_up_is_lost() -> None:
    bus = Bus().start()
    try:
        ref = bus.spawn(Blocking)

        def send() -> None:
            for i in range(200):
                assert ref.ask(i, timeout=30) == i

        threads = [threading.Thread(target=send) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert ref.statistics().delivered == 800
    finally:
        bus.stop()


async def test_nothing_is_left_of_an_actor_for_which_there_is_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_thread(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async with Bus() as bus:
        with monkeypatch.context() as patched:
            patched.setattr(threading.Thread, "start", no_thread)
            with pytest.raises(RuntimeError, match="can't start new thread"):
                bus.spawn(Blocking, name="blocking")
        assert bus.cell("blocking") is None
        ref = bus.spawn(Blocking, name="blocking")
        assert ref.is_alive()
