"""A stream between two actors of one process: items in order, as far as the reader has room, and one end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from virtual_time import in_virtual_time

from peerbus.actors import (
    LOCAL,
    Address,
    Bus,
    Channel,
    DeadlineExceeded,
    Message,
    MessageTypeError,
    NoSuchReactor,
    OpenStream,
    Reactor,
    RemoteError,
    Request,
    SendError,
    Stream,
    handles,
)
from peerbus.actors.streams import LOCAL_ITEMS


class Count(Message, Request[Stream[int]]):
    to: int
    fails: bool = False
    sleeps: float = 0.0


class Later(Message, Request[Stream[int]]):
    to: int


class Lie(Message, Request[Stream[int]]):
    """Answered with a text among its numbers."""


class One(Message, Request[Stream[int]]):
    """Answered with one number, which is no stream."""


class Upload(Message, Request[int]):
    name: str


class Chunk(Message):
    size: int


class Echo(Message, Request[Stream[int]]):
    """Answers each number that comes with it by its double."""


class Clock(Message, Request[int]):
    """How many generators have ended."""


class Numbers(Reactor):
    channel = Channel("numbers", messages=(Count, Later, Lie, One, Upload, Chunk, Echo, Clock), timeout=5.0)

    def __init__(self) -> None:
        super().__init__()
        self.made = self.ended = 0

    @handles(Count)
    async def count(self, count: Count) -> AsyncIterator[int]:
        try:
            for number in range(count.to):
                self.made += 1
                if count.sleeps:
                    await asyncio.sleep(count.sleeps)
                yield number
            if count.fails:
                raise ValueError("no more")
        finally:
            self.ended += 1

    @handles(Later)
    async def later(self, later: Later) -> AsyncIterator[int]:
        return self.count(Count(later.to))

    @handles(Lie)
    async def lie(self, _: Lie) -> AsyncIterator[int]:
        yield 1
        yield "two"  # type: ignore[misc]  # what this is about

    @handles(One)
    def one(self, _: One) -> Any:
        return 1

    @handles(Upload)
    async def upload(self, upload: Upload, chunks: AsyncIterator[Chunk]) -> int:
        total = 0
        async for chunk in chunks:
            total += chunk.size
            if chunk.size < 0:
                raise ValueError(upload.name)
        return total

    @handles(Echo)
    async def echo(self, _: Echo, numbers: AsyncIterator[int]) -> AsyncIterator[int]:
        async for number in numbers:
            yield 2 * number

    @handles(Clock)
    def clock(self, _: Clock) -> int:
        return self.ended


NUMBERS = LOCAL / Numbers


async def take_all(stream: Stream[int], into: list[int]) -> None:
    async for number in stream:
        into.append(number)


async def send_all(to: OpenStream[int], chunks: list[Chunk]) -> None:
    async with to:
        for chunk in chunks:
            await to.send(chunk)
            await asyncio.sleep(0)


@in_virtual_time
async def test_items_come_in_order_and_end() -> None:
    async with Bus(reactors=[Numbers]) as bus:
        for request in (Count(1_000), Later(1_000)):
            assert [number async for number in bus.stream(NUMBERS, request)] == list(range(1_000))
        assert [number async for number in bus.stream(NUMBERS, Count(0))] == []
        items = bus.ledger().items["numbers"]
        assert (items.sent, items.delivered, items.pending) == (2_000, 2_000, 0)


@in_virtual_time
async def test_a_generator_runs_ahead_of_its_reader_by_a_window_and_stalls_nobody() -> None:
    made: list[Numbers] = []

    def numbers() -> Numbers:
        made.append(Numbers())
        return made[-1]

    async with Bus(reactors=[numbers]) as bus:
        stream = bus.stream(NUMBERS, Count(1_000))
        assert await anext(stream) == 0
        await asyncio.sleep(1)
        assert made[0].made <= LOCAL_ITEMS + 2
        assert await bus.ask(NUMBERS, Clock()) == 0, "its actor takes other messages"
        assert [await anext(stream) for _ in range(200)] == list(range(1, 201))
        assert bus.ledger().balanced
        await stream.aclose()
        assert await bus.ask(NUMBERS, Clock()) == 1
        items = bus.ledger().items["numbers"]
        assert items.balanced
        assert items.pending == 0
        assert items.delivered == 201
        assert set(items.failed) == {"cancelled"}


@in_virtual_time
async def test_leaving_the_loop_ends_the_generator() -> None:
    async with Bus(reactors=[Numbers]) as bus:
        stream = bus.stream(NUMBERS, Count(1_000))
        async for number in stream:
            if number == 5:
                break
        await asyncio.sleep(0.1)
        assert await bus.ask(NUMBERS, Clock()) == 1
        with pytest.raises(StopAsyncIteration):
            await anext(stream)
        async for _ in bus.stream(NUMBERS, Count(1_000, sleeps=1.0)):
            break
        await asyncio.sleep(0.1)
        assert await bus.ask(NUMBERS, Clock()) == 2


@in_virtual_time
async def test_cancelling_the_reader_ends_the_generator() -> None:
    async with Bus(reactors=[Numbers]) as bus:

        async def read() -> None:
            await take_all(bus.stream(NUMBERS, Count(10, sleeps=1.0)), [])

        task = asyncio.ensure_future(read())
        await asyncio.sleep(2.5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.01)
        assert await bus.ask(NUMBERS, Clock()) == 1


@in_virtual_time
async def test_an_error_comes_behind_the_items_before_it() -> None:
    async with Bus(reactors=[Numbers]) as bus:
        came: list[int] = []
        with pytest.raises(RemoteError, match="no more"):
            await take_all(bus.stream(NUMBERS, Count(100, fails=True)), came)
        assert came == list(range(100))


@in_virtual_time
async def test_a_deadline_for_all_and_one_for_each_item() -> None:
    async with Bus(reactors=[Numbers]) as bus:
        came: list[int] = []
        with pytest.raises(DeadlineExceeded) as late:
            await take_all(bus.stream(NUMBERS, Count(100, sleeps=1.0), timeout=3.5), came)
        assert came == [0, 1, 2]
        assert late.value.items == 3
        with pytest.raises(DeadlineExceeded) as idle:
            await take_all(bus.stream(NUMBERS, Count(100, sleeps=1.0), idle=0.5), [])
        assert idle.value.phase == "idle"
        assert [number async for number in bus.stream(NUMBERS, Count(30, sleeps=1.0))] == list(range(30)), "30 s in all"
        with pytest.raises(DeadlineExceeded):
            await anext(bus.stream(NUMBERS, Count(1, sleeps=6.0)))
        await asyncio.sleep(0.1)
        assert await bus.ask(NUMBERS, Clock()) == 4


@in_virtual_time
async def test_what_is_no_stream_and_what_is_one_say_so() -> None:
    async with Bus(reactors=[Numbers]) as bus:
        with pytest.raises(MessageTypeError, match="which is no stream"):
            await anext(bus.stream(NUMBERS, One()))
        with pytest.raises(MessageTypeError, match="read it by stream"):
            await bus.ask(NUMBERS, Count(3))  # type: ignore[misc]  # what checkers refuse
        with pytest.raises(RemoteError, match="send it by open"):
            await bus.ask(NUMBERS, Upload("a"))
        stream = bus.stream(NUMBERS, Lie())
        assert await anext(stream) == 1
        with pytest.raises(MessageTypeError, match="a str, not an int"):
            await anext(stream)
        with pytest.raises(NoSuchReactor):
            await anext(bus.stream(Address(LOCAL, "nobody"), One()))


@in_virtual_time
async def test_items_go_with_a_message_and_its_answer_comes_back() -> None:
    async with Bus(reactors=[Numbers]) as bus:
        async with bus.open(NUMBERS, Upload("a")) as upload:
            for size in range(200):
                await upload.send(Chunk(size))
            result = await upload.result()
        assert result == sum(range(200))
        with pytest.raises(RemoteError, match="bad"):
            await send_all(bus.open(NUMBERS, Upload("bad")), [Chunk(-1)])
        assert bus.ledger().balanced


@in_virtual_time
async def test_both_at_once_is_a_conversation() -> None:
    async with Bus(reactors=[Numbers]) as bus, bus.open(NUMBERS, Echo()) as talk:
        for number in range(5):
            await talk.send(number)
            assert await anext(talk) == 2 * number
        await talk.end()
        with pytest.raises(StopAsyncIteration):
            await anext(talk)


@in_virtual_time
async def test_a_sender_whose_handler_has_answered_learns_it() -> None:
    class Short(Reactor):
        channel = Channel("short", messages=(Upload, Chunk))

        @handles(Upload)
        async def upload(self, _: Upload, chunks: AsyncIterator[Chunk]) -> int:
            return (await anext(chunks)).size

    async with Bus(reactors=[Short]) as bus, bus.open(LOCAL / Short, Upload("a")) as upload:
        await upload.send(Chunk(7))
        with pytest.raises(SendError, match=r"result\(\) has its answer"):
            await send_all(upload, [Chunk(8)] * 1_000)
        assert await upload.result() == 7


@in_virtual_time
async def test_a_shutdown_lets_streams_finish_and_ends_them_when_its_time_is_over() -> None:
    async with Bus(reactors=[Numbers], shutdown_timeout=20.0) as bus:
        short = bus.stream(NUMBERS, Count(5, sleeps=1.0))
        long = bus.stream(NUMBERS, Count(100, sleeps=1.0))
        assert (await anext(short), await anext(long)) == (0, 0)
        ending = asyncio.ensure_future(bus.aclose())
        assert [number async for number in short] == [1, 2, 3, 4]
        came: list[int] = []
        with pytest.raises(SendError):
            await take_all(long, came)
        assert came
        await ending
        assert bus.ledger().balanced


@in_virtual_time
async def test_what_no_handler_has_begun_to_read_when_its_asker_leaves_is_accounted_for() -> None:
    async with Bus(reactors=[Numbers]) as bus:
        for number in range(1, 4):
            upload = bus.open(LOCAL / Numbers, Upload("a"))
            for each in range(5):
                await upload.send(each)
            await upload.aclose()
            items = bus.ledger().items["numbers"]
            assert (items.sent, items.pending, items.failed) == (5 * number, 0, {"cancelled": 5 * number})
