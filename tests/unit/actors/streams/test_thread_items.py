"""A generator on a thread makes as many items in one go as there is room for, and between its actor's messages."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

from virtual_time import eventually, in_real_time

from peerbus.actors import LOCAL, Bus, Channel, Message, Reactor, Request, Stream, handles
from peerbus.actors.streams.local_sink import LOCAL_ITEMS


class Count(Message, Request[Stream[int]]):
    to: int


class Made(Message, Request[int]):
    """How many were made, and how many generators have ended, times a million."""


class Counter(Reactor):
    dispatcher = "thread"
    channel = Channel("counter", messages=(Count, Made))

    def __init__(self) -> None:
        super().__init__()
        self.made = self.ended = 0
        self.threads: set[int] = set()

    @handles(Count)
    async def count(self, count: Count) -> AsyncIterator[int]:
        try:
            for number in range(count.to):
                self.made += 1
                self.threads.add(threading.get_ident())
                yield number
        finally:
            self.threads.add(threading.get_ident())
            self.ended += 1

    @handles(Made)
    def how_many(self, _: Made) -> int:
        return self.made + 1_000_000 * self.ended


@in_real_time
async def test_it_runs_ahead_by_a_window_and_one_go_takes_messages_meanwhile_and_is_closed_on_its_thread() -> None:
    counters: list[Counter] = []

    def make() -> Counter:
        counters.append(Counter())
        return counters[-1]

    async with Bus(reactors=[make]) as bus:
        assert [number async for number in bus.stream(LOCAL / Counter, Count(500))] == list(range(500))
        stream = bus.stream(LOCAL / Counter, Count(100_000))
        assert await anext(stream) == 0
        before, made = -1, 0
        while before != made:
            before = made
            await asyncio.sleep(0.02)
            made = await bus.ask(LOCAL / Counter, Made())
        assert 1_000_000 < before <= 1_000_500 + 3 * LOCAL_ITEMS
        await stream.aclose()
        await eventually(lambda: counters[0].ended == 2)
        assert len(counters[0].threads) == 1
        assert threading.get_ident() not in counters[0].threads
