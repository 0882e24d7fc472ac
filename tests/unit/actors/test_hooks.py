"""The hooks around an actor's messages: their order, their failures, and that a type checker knows them."""

from __future__ import annotations

import asyncio

import pytest

from peerbus.actors import Actor, Bus, handles


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
