"""A stream that is asked of a reactor which has yet to say what it declares: it waits for that, as an ask does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from clusters import Cluster, SlowNetwork, assert_ledgers
from virtual_time import eventually, in_virtual_time

from peerbus.actors import Channel, Message, Peer, Rate, Reactor, Request, SchemaMismatch, Stream, handles


class OldCount(Message, Request[Stream[int]]):
    to: int


class NewCount(Message, Request[Stream[int]]):
    to: int
    step: int = 1


for each in (OldCount, NewCount):
    each.__name__ = "Count"
OLD: Channel[Any] = Channel("numbers", messages=(OldCount,))


class Numbers(Reactor):
    channel: Channel[Any] = Channel("numbers", messages=(NewCount,))

    @handles(NewCount)
    async def count(self, count: NewCount) -> AsyncIterator[int]:
        for number in range(0, count.to, count.step):
            yield number


async def _first(reading: AsyncIterator[int]) -> int:
    return await anext(reading)


@pytest.mark.parametrize("rated", [False, True])
@in_virtual_time
async def test_a_stream_waits_for_what_the_peer_declares_and_goes_then(*, rated: bool) -> None:
    cluster = Cluster(network=SlowNetwork(1, 0.5))
    old = cluster.node("old", peers=("new",), channels=[OLD])
    new = cluster.node("new", reactors=[])
    async with cluster.running(old, new):
        link = old.bus.routes.peers[new.node_id]
        new.spawn(Numbers, name="numbers")
        await eventually(lambda: link.awaits("numbers"))
        to = Peer(new.node_id) / "numbers"
        with pytest.raises(SchemaMismatch, match="has yet to say"):
            async with old.open(to, OldCount(3)) as stream:
                await stream.send(1)
        reading = old.stream(to, OldCount(50), idle=20)
        first = asyncio.ensure_future(_first(reading))
        await asyncio.sleep(0.01)
        if rated:
            assert await old.set_rates(Rate(messages=100))
        assert await first == 0
        assert [number async for number in reading] == list(range(1, 50))
        assert_ledgers(old, new)
