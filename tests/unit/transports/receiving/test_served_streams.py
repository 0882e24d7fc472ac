"""Streams that peers ask for are bounded, and what comes for none is counted."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator

import pytest
from clusters import Cluster
from virtual_time import eventually, in_virtual_time

from peerbus.actors import (
    Address,
    Channel,
    MailboxFull,
    Message,
    Peer,
    Reactor,
    Request,
    Stream,
    handles,
)
from peerbus.transports.lanes import ItemReply, stream_limit
from peerbus.transports.receiving.served_streams import MAX_STREAMS


class Count(Message, Request[Stream[int]]):
    to: int


class Sum(Message, Request[int]):
    """Of the numbers that come with it."""


class Numbers(Reactor):
    channel = Channel("numbers", messages=(Count, Sum))

    @handles(Count)
    async def count(self, count: Count) -> AsyncIterator[int]:
        for number in range(count.to):
            yield number

    @handles(Sum, reentrant=True)
    async def sum(self, _: Sum, numbers: AsyncIterator[int]) -> int:
        return sum([number async for number in numbers])


def kept() -> int:
    """Streams of peers that something holds."""
    gc.collect()
    return sum(isinstance(each, ItemReply) for each in gc.get_objects())


@in_virtual_time
async def test_a_peer_that_opens_more_streams_on_a_channel_than_may_be_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream_limit, "MAX_STREAMS", 2 * MAX_STREAMS)  # that peer's own, by which it waits
    cluster = Cluster()
    here = cluster.node("here", channels=[Numbers.channel])
    there = cluster.node("there", peers=("here",), reactors=[Numbers])
    to = Address[object](Peer(there.node_id), "numbers")
    async with cluster.running(here, there):
        streams = [here.stream(to, Count(10_000)) for _ in range(MAX_STREAMS)]
        for stream in streams:
            assert await anext(stream) == 0
        with pytest.raises(MailboxFull, match=f"{MAX_STREAMS} streams of this peer are open on channel 'numbers'"):
            await anext(here.stream(to, Count(1)))
        await streams.pop().aclose()
        await eventually(lambda: there.bus.books.items("numbers").open < MAX_STREAMS)
        assert await anext(here.stream(to, Count(1))) == 0


@in_virtual_time
async def test_nothing_is_kept_of_a_stream_that_is_over_however_it_ended() -> None:
    cluster = Cluster()
    here = cluster.node("here", channels=[Numbers.channel])
    there = cluster.node("there", peers=("here",), reactors=[Numbers])
    to = Address[object](Peer(there.node_id), "numbers")
    async with cluster.running(here, there):
        assert [number async for number in here.stream(to, Count(3))] == [0, 1, 2]
        async with here.open(to, Sum()) as talk:
            await talk.send(7)
            assert await talk.result() == 7
        left = here.open(to, Sum())
        await left.send(1)
        await left.aclose()
        late = here.open(to, Sum(), timeout=1.0)
        await late.send(1)
        await asyncio.sleep(2.0)
        await eventually(lambda: not kept())
