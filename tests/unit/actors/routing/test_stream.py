"""Whom a stream goes to, and what it says where it cannot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from threading import Thread

import pytest
from virtual_time import in_virtual_time

from peerbus.actors import (
    EVERYONE,
    LOCAL,
    Bus,
    Channel,
    Message,
    NoRoute,
    Peer,
    PeerbusError,
    Reactor,
    Request,
    Role,
    Stream,
    WouldDeadlock,
    handles,
)


class Count(Message, Request[Stream[int]]):
    to: int


class Sum(Message, Request[int]):
    to: int


class Numbers(Reactor):
    channel = Channel("numbers", messages=(Count, Sum))

    @handles(Count)
    async def count(self, count: Count) -> AsyncIterator[int]:
        for number in range(count.to):
            yield number

    @handles(Sum)
    async def sum(self, wanted: Sum) -> int:
        return sum([number async for number in self.stream(LOCAL / Numbers, Count(wanted.to))])


class Adder(Reactor):
    channel = Channel("adder", messages=(Sum,))

    @handles(Sum)
    async def sum(self, wanted: Sum) -> int:
        return sum([number async for number in self.stream(LOCAL / Numbers, Count(wanted.to))])


@in_virtual_time
async def test_an_actor_reads_a_stream_of_another_and_not_its_own() -> None:
    async with Bus(reactors=[Numbers, Adder]) as bus:
        assert await bus.ask(LOCAL / "adder", Sum(100)) == sum(range(100))
        with pytest.raises(PeerbusError, match=WouldDeadlock.__name__):
            await bus.ask(LOCAL / "numbers", Sum(100))


@in_virtual_time
async def test_to_several_to_nobody_and_from_another_thread_it_says_why_not() -> None:
    async with Bus(reactors=[Numbers]) as bus:
        with pytest.raises(ValueError, match="a stream has one other end"):
            bus.stream(EVERYONE / "numbers", Count(1))  # type: ignore[call-overload]  # what this is about
        with pytest.raises(TypeError, match="no address"):
            bus.stream("numbers", Count(1))  # type: ignore[call-overload]  # the same
        with pytest.raises(TypeError, match="timeout"):
            bus.stream(LOCAL / "numbers", Count(1), timeout="soon")  # type: ignore[call-overload]  # the same
        for nobody in (Role("archive") / "numbers", Peer("a" * 64) / "numbers"):
            with pytest.raises(NoRoute):
                await anext(bus.stream(nobody, Count(1)))
        with pytest.raises(NoRoute):
            async with bus.open(Role("archive") / "numbers", Count(1)) as talk:
                await talk.send(1)
        raised: list[BaseException] = []

        def elsewhere() -> None:
            try:
                bus.open(LOCAL / "numbers", Count(1))
            except PeerbusError as error:
                raised.append(error)

        thread = Thread(target=elsewhere)
        thread.start()
        thread.join()
        assert "event loop" in str(raised[0])
