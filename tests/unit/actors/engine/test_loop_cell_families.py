"""Actors on the event loop: parents, children, and those that watch them."""

from __future__ import annotations

import asyncio
from typing import Any

from logging_actors import Log

from peerbus.actors import (
    LOCAL,
    Actor,
    Bus,
    Directive,
    Ref,
    Supervision,
    Terminated,
    handles,
)

NOW = Supervision(backoff=0.0)


def inside(ref: Ref[Any]) -> Any:
    """The actor itself, which no user gets at."""
    return ref._cell.actor


class Parent(Log):
    """Has two children."""

    def __init__(self, events: list[object], *, grandchildren: bool = False) -> None:
        super().__init__(events)
        self.grandchildren = grandchildren

    async def on_start(self) -> None:  # type: ignore[override]  # Pykka says None
        self.events.append("start")
        for name in ("one", "two"):
            kind = Parent if self.grandchildren else Child
            self.spawn(kind, self.events, name=f"{self}.{name}")

    async def on_stop(self) -> None:  # type: ignore[override]  # Pykka says None
        self.events.append("stop")


class Child(Log):
    """Takes a while to stop."""

    async def on_stop(self) -> None:  # type: ignore[override]  # Pykka says None
        await asyncio.sleep(1)
        self.events.append("child stop")


async def test_children_stop_before_their_parent() -> None:
    events: list[object] = []
    async with Bus() as bus:
        ref = bus.spawn(Parent, events, name="parent", grandchildren=True)
        await asyncio.sleep(1)
        assert await ref.stop(block=False) is True
        assert events[-7:] == [*["child stop"] * 4, "stop", "stop", "stop"]
        assert bus.cell("parent.one.two") is None


async def test_a_restarted_parent_gets_new_children_once_the_old_ones_have_ended() -> None:
    events: list[object] = []
    async with Bus() as bus:
        ref = bus.spawn(Parent, events, name="parent", supervision=NOW)
        await asyncio.sleep(1)
        old = bus.cell("parent.one")
        await bus.tell(ref, "fail")
        assert await bus.ask(ref, 1) == 1
        assert bus.cell("parent.one") not in (None, old)
        assert events[:8] == ["start"] * 3 + ["failure", "child stop", "child stop", "start", 1]


async def test_a_kill_reaches_children_also_when_the_parent_waits_for_them() -> None:
    class Hangs(Child):
        async def on_stop(self) -> None:  # type: ignore[override]  # Pykka says None
            await asyncio.sleep(1000)

    class Waits(Log):
        async def on_start(self) -> None:  # type: ignore[override]  # Pykka says None
            self.spawn(Hangs, self.events, name="hangs")

    async with Bus() as bus:
        ref = bus.spawn(Waits)
        await asyncio.sleep(1)
        stopped = ref.stop(block=False)
        await asyncio.sleep(1)
        ref._cell.kill("test")
        assert await stopped is True
        assert bus.cell("hangs") is None


async def test_a_failure_is_escalated_to_the_parent_and_from_there_to_the_bus() -> None:
    class Escalates(Log):
        supervision = Supervision(directive=Directive.ESCALATE)

        async def on_start(self) -> None:  # type: ignore[override]  # Pykka says None
            if not isinstance(self, Inner):
                self.inner = self.spawn(Inner, self.events)

        @handles(int)
        def number(self, message: int) -> int:
            self.inner.tell("fail")
            return message

    class Inner(Escalates):
        pass

    events: list[object] = []
    async with Bus() as bus:
        ref = bus.spawn(Escalates, events)
        assert await bus.ask(ref, 1) == 1
        await bus.wait_stopped()
        assert isinstance(bus.life.escalation, ValueError)
        assert events == ["failure", "failure"]


class Watcher(Actor):
    """Notes who has terminated."""

    def __init__(self, *targets: object) -> None:
        super().__init__()
        self.targets = targets
        self.gone: list[Terminated] = []

    def on_start(self) -> None:
        for target in self.targets:
            self.watch(target)  # type: ignore[arg-type]  # what the test gives

    @handles(Terminated)
    def ended(self, message: Terminated) -> None:
        self.gone.append(message)

    @handles(Ref)
    def forget(self, ref: Ref[Actor]) -> None:
        self.unwatch(ref)


async def test_watchers_hear_of_an_end_and_not_of_a_restart() -> None:
    async with Bus() as bus:
        log = bus.spawn(Log, name="log", supervision=NOW)
        watcher = bus.spawn(Watcher, log)
        await bus.tell(log, "fail")
        assert await bus.ask(log, 1) == 1
        assert inside(watcher).gone == []
        await log.stop(block=False)
        await asyncio.sleep(1)
        assert inside(watcher).gone == [Terminated(LOCAL / "log", "stopped")]


async def test_watching_who_is_dead_or_was_never_there_tells_at_once() -> None:
    async with Bus() as bus:
        log = bus.spawn(Log, name="log")
        await log.stop(block=False)
        watcher = bus.spawn(Watcher, log, LOCAL / "nobody")
        await asyncio.sleep(1)
        assert inside(watcher).gone == [
            Terminated(LOCAL / "log", "stopped"),
            Terminated(LOCAL / "nobody", "no_such_reactor"),
        ]


async def test_an_unwatched_actor_ends_unheard_and_a_watcher_that_ends_is_forgotten() -> None:
    async with Bus() as bus:
        log = bus.spawn(Log)
        watcher, other = bus.spawn(Watcher, log), bus.spawn(Watcher, log)
        await asyncio.sleep(1)
        await bus.tell(watcher, log)
        await other.stop(block=False)
        await asyncio.sleep(1)
        assert not log._cell.watchers
        await log.stop(block=False)
        await asyncio.sleep(1)
        assert inside(watcher).gone == []


async def test_on_receive_hears_terminated_where_no_handler_does() -> None:
    class Plain(Actor):
        def __init__(self, target: Ref[Log]) -> None:
            super().__init__()
            self.target = target
            self.got: list[object] = []

        def on_start(self) -> None:
            self.watch(self.target)

        def on_receive(self, message: object) -> None:
            self.got.append(message)

    async with Bus() as bus:
        log = bus.spawn(Log)
        plain = bus.spawn(Plain, log)
        await asyncio.sleep(1)
        await log.stop(block=False)
        await asyncio.sleep(1)
        assert [type(message) for message in inside(plain).got] == [Terminated]
