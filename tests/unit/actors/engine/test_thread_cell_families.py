"""Actors on threads of their own: watchers, children, parents, and how they end."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from blocking_actors import Blocking, Wait, Watcher, thread_of, until

from peerbus.actors import (
    Actor,
    ActorStopped,
    Bus,
    Directive,
    Ref,
    Supervision,
    Terminated,
    handles,
)


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    made = threading.Event()
    yield made
    made.set()


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
