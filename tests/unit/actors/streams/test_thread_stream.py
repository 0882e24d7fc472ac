"""A stream that another thread than the loop's reads: by `for`, or on a loop of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from virtual_time import eventually, in_real_time

from peerbus.actors import LOCAL, Bus, Channel, Message, Reactor, RemoteError, Request, Stream, WouldDeadlock, handles


class Count(Message, Request[Stream[int]]):
    to: int
    fails: bool = False


class Counter(Reactor):
    channel = Channel("counter", messages=(Count,))

    def __init__(self) -> None:
        super().__init__()
        self.ended = 0

    @handles(Count)
    async def count(self, count: Count) -> AsyncIterator[int]:
        try:
            for number in range(count.to):
                yield number
            if count.fails:
                raise ValueError("no more")
        finally:
            self.ended += 1


@in_real_time
async def test_it_is_read_to_its_end_left_and_let_go() -> None:
    counters: list[Counter] = []

    def make() -> Counter:
        counters.append(Counter())
        return counters[-1]

    async with Bus(reactors=[make]) as bus:

        def read() -> None:
            assert list(bus.stream(LOCAL / Counter, Count(1_000))) == list(range(1_000))
            assert list(bus.stream(LOCAL / Counter, Count(0))) == []
            for number in (stream := bus.stream(LOCAL / Counter, Count(1_000_000))):
                if number == 100:
                    break
            assert stream.received >= 101
            assert list(stream) == [], "it was left"
            came: list[int] = []
            with pytest.raises(RemoteError, match="no more"):
                came.extend(bus.stream(LOCAL / Counter, Count(5, fails=True)))
            assert "ended" in repr(stream)
            bus.stream(LOCAL / Counter, Count(1_000_000))  # let go at once

        async def read_on_a_loop() -> None:
            assert [number async for number in bus.stream(LOCAL / Counter, Count(1_000))] == list(range(1_000))
            stream = bus.stream(LOCAL / Counter, Count(1_000_000))
            assert [await anext(stream), await anext(stream)] == [0, 1]
            await stream.aclose()
            with pytest.raises(StopAsyncIteration):
                await anext(stream)

        await asyncio.to_thread(read)
        await asyncio.to_thread(lambda: asyncio.run(read_on_a_loop()))
        await eventually(lambda: counters[0].ended in (6, 7))  # what was let go may not have begun
        with pytest.raises(WouldDeadlock):
            iter(bus.stream(LOCAL / Counter, Count(1)))
