"""What becomes of an actor's failures, beside those of its handlers."""

from __future__ import annotations

import asyncio
import threading
from typing import Any, ClassVar, Literal

import pytest
from structlog.testing import capture_logs

from peerbus.actors import (
    Actor,
    ActorStopped,
    Bus,
    DeadlineExceeded,
    Directive,
    PeerbusError,
    Ref,
    SendError,
    Supervision,
    handles,
)


class StartsTasks(Actor):
    """Two tasks fail while it starts; the start itself may fail as well."""

    def __init__(self, *, starts: bool) -> None:
        super().__init__()
        self.starts = starts

    def on_start(self) -> None:
        self.create_task(self.fail("one"), name="first")
        self.create_task(self.fail("two"), name="second")

    async def on_started(self) -> None:
        await asyncio.sleep(0.01)
        if not self.starts:
            raise RuntimeError("no start")

    async def fail(self, why: str) -> None:
        raise ValueError(why)

    def on_receive(self, message: object) -> object:
        self.create_task(self.fail("three"), name="third")
        return message


@pytest.mark.parametrize("starts", [True, False])
async def test_each_task_that_fails_is_named_in_the_log_also_at_the_start(starts: bool) -> None:
    with capture_logs() as logs:
        async with Bus() as bus:
            bus.spawn(lambda: StartsTasks(starts=starts), supervision=Supervision(directive=Directive.STOP))
            await asyncio.sleep(1)
    said = [(entry["task"], str(entry["exc_info"])) for entry in logs if entry["event"] == "a task failed"]
    assert dict(said) == {"first": "one", "second": "two"}


async def test_a_task_that_fails_while_its_actor_runs_is_named_in_the_log() -> None:
    class Runs(StartsTasks):
        def on_start(self) -> None:
            """Nothing yet."""

    with capture_logs() as logs:
        async with Bus() as bus:
            ref = bus.spawn(lambda: Runs(starts=True))
            await bus.tell(ref, "go")
            await asyncio.sleep(1)
    (said,) = [entry for entry in logs if entry["event"] == "a task failed"]
    assert (said["task"], str(said["exc_info"]), said["decision"]) == ("third", "three", "restart")


def test_an_on_failure_that_nobody_would_await_is_refused_where_the_class_is_made() -> None:
    with pytest.raises(TypeError, match=r"Waits\.on_failure is `async def`, and nobody awaits it"):

        class Waits(Actor):
            async def on_failure(self, *args: Any) -> None:  # type: ignore[override]  # on purpose
                """Never run."""


@pytest.mark.parametrize("kind", ["loop", "thread"])
async def test_an_ask_whose_handler_fails_after_its_deadline_is_counted_once(kind: Literal["loop", "thread"]) -> None:
    go, failed = threading.Event(), threading.Event()

    class CleansUp(Actor):
        dispatcher: ClassVar[Literal["loop", "thread"] | None] = kind

        @handles(int)
        async def handle(self, message: int) -> None:
            try:
                if kind == "loop":
                    await asyncio.sleep(1000)
                else:
                    go.wait(10)
            finally:
                failed.set()
                raise ValueError("in the clean-up")

        @handles(str)
        def done(self, message: str) -> str:
            return message

    with capture_logs() as logs:
        async with Bus() as bus:
            ref = bus.spawn(CleansUp)
            with pytest.raises(DeadlineExceeded):
                await bus.ask(ref, 1, timeout=0.05)
            go.set()
            assert await bus.ask(ref, "done", timeout=10) == "done"
            assert failed.is_set()
            assert ref.statistics().undone == {"deadline_handler": 1}
    assert [entry["event"] for entry in logs if "handler failed" in entry["event"]] == [
        "handler failed, nobody waits for it any more"
    ]


async def test_who_waits_for_the_start_of_an_actor_that_was_killed_before_it_is_told_so() -> None:
    class Slow(Actor):
        async def on_started(self) -> None:
            await asyncio.Event().wait()

    class Parent(Actor):
        @handles(str)
        def child(self, message: str) -> Ref[Slow]:
            return self.spawn(Slow)

        @handles(int)
        def fail(self, message: int) -> None:
            raise RuntimeError("on purpose")

    async with Bus() as bus:
        parent = bus.spawn(Parent)
        child: Any = await bus.ask(parent, "child")
        waiting = asyncio.create_task(bus.started(child))
        await bus.tell(parent, 1)
        await asyncio.sleep(1)
        for started in (waiting, bus.started(child), bus.started(child)):
            with pytest.raises(ActorStopped, match="stopped before it had started: its parent"):
                await started


async def test_an_actor_that_has_started_once_and_stopped_has_started() -> None:
    class Plain(Actor):
        """Nothing of its own."""

    async with Bus() as bus:
        ref = bus.spawn(Plain)
        await bus.started(ref)
        await ref.stop(block=False)
        await bus.started(ref)


async def test_a_constructor_is_told_where_tasks_are_started() -> None:
    class Hasty(Actor):
        def __init__(self) -> None:
            super().__init__()
            self.create_task(asyncio.sleep(0))

    async with Bus() as bus:
        with pytest.raises(PeerbusError, match="start its tasks in on_start"):
            bus.spawn(Hasty)


@pytest.mark.parametrize("kind", ["loop", "thread"])
async def test_every_stop_is_answered_when_the_actor_has_ended(kind: Literal["loop", "thread"]) -> None:
    handled: list[object] = []
    go, gate = threading.Event(), asyncio.Event()

    class Works(Actor):
        dispatcher: ClassVar[Literal["loop", "thread"] | None] = kind

        @handles(int)
        async def work(self, message: int) -> None:
            if kind == "loop":
                await gate.wait()
            else:
                go.wait(10)
            handled.append(message)

        async def on_stopping(self) -> None:
            await asyncio.sleep(0.01)
            handled.append("end")

    async with Bus() as bus:
        ref = bus.spawn(Works)
        await bus.tell(ref, 1)
        await bus.tell(ref, 2)
        stops = [ref.stop(block=False) for _ in range(3)]
        last = asyncio.gather(*(_awaited(stop) for stop in stops))
        await asyncio.sleep(0.05)
        assert not last.done()
        assert ref.is_alive()
        go.set()
        gate.set()
        assert await last == [True, True, True]
        assert handled == [1, 2, "end"]
        assert await ref.stop(block=False) is False


async def _awaited(outcome: Any) -> object:
    return await outcome


async def test_a_stop_while_the_actor_stops_is_answered_when_it_has() -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    class Slow(Actor):
        async def on_stopping(self) -> None:
            begun.set()
            await go.wait()

    class WithChild(Actor):
        def on_start(self) -> None:
            self.spawn(Slow)

    async with Bus() as bus:
        ref = bus.spawn(WithChild)
        first = ref.stop(block=False)
        await begun.wait()
        second = ref.stop(block=False)
        await asyncio.sleep(0.01)
        assert not second.done()
        go.set()
        assert await first is True
        assert await second is True


async def test_a_handler_that_ends_by_a_failed_send_when_nobody_waits_any_more_is_no_failure_in_the_log() -> None:
    ended = asyncio.Event()

    class Waits(Actor):
        @handles(int, reentrant=True)
        async def wait(self, number: int) -> None:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                ended.set()
                raise SendError("nobody sends items any more") from None

    with capture_logs() as logs:
        async with Bus() as bus:
            ref = bus.spawn(Waits)
            with pytest.raises(DeadlineExceeded):
                await bus.ask(ref, 1, timeout=0.05)
            await ended.wait()
    assert not [entry for entry in logs if entry["log_level"] != "debug" and "handler" in entry["event"]]
