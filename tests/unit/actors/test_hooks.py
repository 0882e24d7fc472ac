"""The hooks around an actor's messages: their order, their failures, and that a type checker knows them."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from peerbus.actors import Actor, Bus, Supervision, handles


class Diary(Actor):
    """Writes down what happens to it."""

    def __init__(self, pages: list[str], torn: str = "") -> None:
        super().__init__()
        self.pages = pages
        self.torn = torn

    def write(self, page: str) -> None:
        self.pages.append(page)
        if page == self.torn:
            raise RuntimeError(f"torn at {page}")

    def on_start(self) -> None:
        self.write("on_start")

    async def on_started(self) -> None:
        await asyncio.sleep(0)
        self.write("on_started")

    @handles(str)
    def entry(self, text: str) -> None:
        self.write(text)

    async def on_stopping(self) -> None:
        await asyncio.sleep(0)
        self.write("on_stopping")

    def on_stop(self) -> None:
        self.write("on_stop")


async def test_hooks_run_around_the_messages_in_their_order() -> None:
    pages: list[str] = []
    async with Bus() as bus:
        diary = bus.spawn(Diary, pages)
        await bus.tell(diary, "hello")
        await diary.stop(block=False)
    assert pages == ["on_start", "on_started", "hello", "on_stopping", "on_stop"]


def test_hooks_run_on_an_actors_own_thread_too() -> None:
    pages: list[str] = []
    diary = Diary.start(pages)
    diary.tell("hello")
    diary.stop()
    assert pages == ["on_start", "on_started", "hello", "on_stopping", "on_stop"]


@pytest.mark.parametrize("torn", ["on_start", "on_started"])
async def test_a_hook_that_fails_at_the_start_keeps_the_bus_from_starting(torn: str) -> None:
    pages: list[str] = []
    with pytest.raises(RuntimeError, match=torn):
        async with Bus(reactors=[lambda: Diary(pages, torn)]):
            pytest.fail("entered")
    assert pages[-1] == torn


async def test_on_stop_runs_although_on_stopping_failed() -> None:
    pages: list[str] = []
    async with Bus() as bus:
        diary = bus.spawn(Diary, pages, "on_stopping")
        assert await diary.stop(block=False) is True
        assert not diary.is_alive()
    assert pages == ["on_start", "on_started", "on_stopping", "on_stop"]


async def test_a_kill_while_on_started_waits_ends_the_actor() -> None:
    class Stuck(Actor):
        async def on_started(self) -> None:
            await asyncio.Event().wait()

    async with Bus(shutdown_timeout=0.0) as bus:
        stuck = bus.spawn(Stuck)
        await asyncio.sleep(0)
    assert not stuck.is_alive()


class CutShort(Actor):
    """Its first hook waits; a second one that began would wait for ever."""

    def __init__(self, began: list[str]) -> None:
        super().__init__()
        self.began = began

    async def on_start(self) -> None:  # type: ignore[override]  # at run time it may be
        self.began.append("on_start")
        await asyncio.Event().wait()

    async def on_started(self) -> None:
        self.began.append("on_started")
        await asyncio.Event().wait()


async def test_a_kill_while_on_start_waits_begins_no_other_hook() -> None:
    began: list[str] = []
    with capture_logs() as logs:
        async with Bus(shutdown_timeout=0.0) as bus:
            ref = bus.spawn(CutShort, began)
            await asyncio.sleep(0)
    assert began == ["on_start"]
    assert not ref.is_alive()
    assert [entry for entry in logs if entry["log_level"] == "error"] == []


@pytest.mark.parametrize("restarted", [False, True], ids=["first start", "restart"])
async def test_a_failed_parent_does_not_wait_for_the_start_of_a_child(restarted: bool) -> None:
    began: list[str] = []

    class Parent(Actor):
        supervision = Supervision(backoff=0.0)

        @handles(str)
        async def have(self, message: str) -> None:
            child = self.spawn(CutShort if not restarted else FailsOnce, began, supervision=Parent.supervision)
            if restarted:
                child.tell("fail")
            await asyncio.sleep(1)

        @handles(int)
        def fail(self, message: int) -> int:
            if message:
                raise RuntimeError("on purpose")
            return message

    class FailsOnce(CutShort):
        async def on_start(self) -> None:  # type: ignore[override]  # as above
            if began:
                await super().on_start()
            began.append("first start")

        async def on_started(self) -> None:
            if began[-1] != "first start":
                await super().on_started()

        def on_receive(self, message: object) -> object:
            raise RuntimeError("on purpose")

    async with Bus() as bus:
        ref = bus.spawn(Parent)
        await bus.tell(ref, "have")
        await bus.tell(ref, 1)
        assert await bus.ask(ref, 0, timeout=10) == 0
    assert "on_started" not in began
    assert "on_start" in began


async def test_on_stop_runs_although_on_stopping_was_cut_short() -> None:
    pages: list[str] = []

    class Slow(Diary):
        async def on_stopping(self) -> None:
            await asyncio.Event().wait()

    with capture_logs() as logs:
        async with Bus(shutdown_timeout=0.0) as bus:
            bus.spawn(Slow, pages)
            await asyncio.sleep(0.01)
    assert pages[-1] == "on_stop"
    assert [entry["event"] for entry in logs if "on_stopping" in entry["event"]] == ["on_stopping was cut short"]
