"""Actors on threads of their own, on a bus and with it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from blocking_actors import Blocking, Wait, Watcher, thread_of, until

from peerbus.actors import (
    LOCAL,
    Actor,
    ActorStopped,
    Address,
    Bus,
    Channel,
    DeadLetter,
    DeadlineExceeded,
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

NOW = Supervision(backoff=0.0)


@dataclass(frozen=True)
class Note:
    text: str


def inside(ref: Ref[Any]) -> Any:
    """The actor itself, which no user gets at."""
    return ref._cell.actor


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
