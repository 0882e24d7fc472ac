"""What becomes of an actor's failures, beside those of its handlers."""

from __future__ import annotations

import asyncio
import threading
from typing import Any, ClassVar, Literal

import pytest
from structlog.testing import capture_logs

from peerbus.actors import Actor, Bus, DeadlineExceeded, Directive, Supervision, handles


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
