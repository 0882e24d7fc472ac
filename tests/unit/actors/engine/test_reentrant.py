"""Reentrant handlers run beside the next messages, up to a number at once."""

from __future__ import annotations

import asyncio

import pytest

from peerbus.actors import Actor, Bus, Ref, handles
from peerbus.actors.engine import reentrant


class Beside(Actor):
    """Its handler waits for an event beside all other messages; another one says when that many have begun."""

    def __init__(self, event: asyncio.Event) -> None:
        super().__init__()
        self.event = event
        self.begun = asyncio.Semaphore(0)

    @handles(int, reentrant=True)
    async def work(self, number: int) -> int:
        self.begun.release()
        await self.event.wait()
        return number

    @handles(str, reentrant=True)
    async def three_have_begun(self, message: str) -> str:
        for _ in range(3):
            await self.begun.acquire()
        return message


async def test_a_message_is_handled_while_a_reentrant_handler_waits() -> None:
    event = asyncio.Event()
    async with Bus() as bus:
        ref: Ref[Beside] = bus.spawn(lambda: Beside(event))
        works = [bus.ask(ref, number) for number in range(3)]
        assert await bus.ask(ref, "have they begun?")
        event.set()
        assert [await work for work in works] == [0, 1, 2]


async def test_where_as_many_run_as_may_the_next_message_waits_until_one_has_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reentrant, "MAX_BESIDE", 2)
    event = asyncio.Event()
    async with Bus() as bus:
        ref: Ref[Beside] = bus.spawn(lambda: Beside(event))
        works = [bus.ask(ref, number) for number in range(3)]
        for _ in range(10):
            await asyncio.sleep(0)
        assert ref.statistics().queued == 1
        event.set()
        assert [await work for work in works] == [0, 1, 2]


async def test_who_asks_no_longer_ends_his_handler_and_no_other() -> None:
    event = asyncio.Event()
    async with Bus() as bus:
        ref: Ref[Beside] = bus.spawn(lambda: Beside(event))
        first, second, third = (asyncio.ensure_future(bus.ask(ref, number)) for number in range(3))
        assert await bus.ask(ref, "have they begun?")
        first.cancel()
        event.set()
        assert [await second, await third] == [1, 2]
        assert first.cancelled()
        assert ref.statistics().undone == {"cancelled": 1}
