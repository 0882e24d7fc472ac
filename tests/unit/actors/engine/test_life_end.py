"""The end of an actor: what is queued, its children, its hook, and whoever waits for it."""

from __future__ import annotations

import asyncio

import pytest

from peerbus.actors import Actor, ActorStopped, Bus, Ref, handles
from peerbus.actors.engine.life_end import HALT


class Ends(Actor):
    """Notes how it ends."""

    def __init__(self, noted: list[str], event: asyncio.Event) -> None:
        super().__init__()
        self.noted = noted
        self.event = event

    def on_start(self) -> None:
        if "child" not in str(self):
            self.spawn(lambda: Ends(self.noted, self.event), name="child")

    @handles(str)
    async def work(self, message: str) -> str:
        await self.event.wait()
        self.noted.append(message)
        return message

    def on_stop(self) -> None:
        self.noted.append(f"{self} stops")


@pytest.fixture
def noted() -> list[str]:
    return []


async def test_a_stop_is_handled_behind_what_was_sent_before_and_children_end_first(noted: list[str]) -> None:
    event = asyncio.Event()
    async with Bus() as bus:
        ref: Ref[Ends] = bus.spawn(lambda: Ends(noted, event), name="parent")
        sent = [asyncio.ensure_future(bus.ask(ref, word)) for word in ("one", "two")]
        await asyncio.sleep(0)
        ref.stop(block=False)
        event.set()
        assert await asyncio.gather(*sent) == ["one", "two"]
    assert noted == ["one", "two", "child stops", "parent stops"]


async def test_a_kill_cancels_the_handler_and_refuses_what_is_queued(noted: list[str]) -> None:
    event = asyncio.Event()
    async with Bus() as bus:
        ref: Ref[Ends] = bus.spawn(lambda: Ends(noted, event), name="parent")
        sent = [asyncio.ensure_future(bus.ask(ref, word)) for word in ("one", "two")]
        await asyncio.sleep(0)
        ref._cell.kill("the test says so")
        found = await asyncio.gather(*sent, return_exceptions=True)
        assert [type(each) for each in found] == [ActorStopped, ActorStopped]
        assert ref._cell.reason == "the test says so"
        assert ref._cell.verdict() is HALT
    assert noted == ["child stops", "parent stops"]


async def test_one_that_was_to_end_in_order_is_hastened_by_a_kill(noted: list[str]) -> None:
    event = asyncio.Event()
    async with Bus() as bus:
        ref: Ref[Ends] = bus.spawn(lambda: Ends(noted, event), name="parent")
        child = bus.spawn(Actor, name="other")  # so that the bus has another one
        assert str(child._cell) == "other"
        ref.stop(block=False)
        ref._cell.kill("now")
    assert noted == ["child stops", "parent stops"]
