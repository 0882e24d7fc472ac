"""Whom a stream goes to, and what it says where it cannot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from random import Random
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
    PeerGone,
    Reactor,
    Request,
    Role,
    Stream,
    WouldDeadlock,
    handles,
)
from peerbus.testing import PeerProbe


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


async def _count(_count: Count) -> AsyncIterator[int]:
    yield 7


async def _read(stream: Stream[int]) -> list[int]:
    return [number async for number in stream]


@pytest.mark.parametrize("wait", [False, True], ids=["", "for a peer"])
@in_virtual_time
async def test_a_stream_that_waits_for_credit_where_a_peer_goes_is_asked_of_the_next_one(wait: bool) -> None:
    async with Bus() as bus, AsyncExitStack() as stack:
        reading = []
        if wait:  # for the first, at which it waits then
            stream = bus.stream(Role("numbers") / Numbers, Count(1), timeout=9, wait_for_peer=True)
            reading.append(asyncio.ensure_future(_read(stream)))
            await asyncio.sleep(0.1)
        peers = [PeerProbe(bus, reactors=[Numbers], roles={"numbers"}, name=f"peer {number}") for number in range(3)]
        for peer in peers:
            peer.stall()
            await stack.enter_async_context(peer)
            await asyncio.sleep(0.1)
            if not reading:
                reading.append(asyncio.ensure_future(_read(bus.stream(Role("numbers") / Numbers, Count(1), timeout=9))))
        for _ in range(2):
            peers.sort(key=lambda peer: not peer._link._waiting)  # the one at which it waits first
            await peers.pop(0).leave("crashed")
            await asyncio.sleep(0.1)
        peers[0].answer(Count, _count)
        peers[0].resume()
        assert await reading[0] == [7]


@pytest.mark.parametrize("seed", range(4))
@in_virtual_time
async def test_where_the_last_one_goes_as_well_the_error_says_who_was_tried(seed: int) -> None:
    async with Bus(rng=Random(seed)) as bus, AsyncExitStack() as stack:
        peers = [PeerProbe(bus, reactors=[Numbers], roles={"numbers"}, name=f"peer {number}") for number in range(2)]
        for peer in peers:
            peer.stall()
            await stack.enter_async_context(peer)
        reading = asyncio.ensure_future(_read(bus.stream(Role("numbers") / Numbers, Count(1), timeout=9)))
        await asyncio.sleep(0.1)
        first, last = sorted(peers, key=lambda peer: not peer._link._waiting)  # the one at which it waits
        await first.leave("crashed")
        await asyncio.sleep(0.1)
        await last.leave("crashed")
        with pytest.raises(PeerGone) as gone:
            await reading
        assert gone.value.tried == (first.id, last.id)
        assert gone.value.items == 0
