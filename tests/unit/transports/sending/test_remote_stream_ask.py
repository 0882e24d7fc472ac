"""An ask for items over a connection: its reader takes what it wants, and the work at the peer ends with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from clusters import Cluster
from virtual_time import in_virtual_time

from peerbus.actors import Address, Channel, Message, Peer, Reactor, Request, Stream, handles


class Count(Message, Request[Stream[int]]):
    to: int


ENDED: list[int] = []


class Numbers(Reactor):
    channel = Channel("numbers", messages=(Count,))

    @handles(Count)
    async def count(self, count: Count) -> AsyncIterator[int]:
        try:
            for number in range(count.to):
                yield number
            await asyncio.sleep(100)
        finally:
            ENDED.append(count.to)


@in_virtual_time
async def test_who_reads_no_further_ends_the_work_at_the_peer() -> None:
    ENDED.clear()
    cluster = Cluster()
    here = cluster.node("here", channels=[Numbers.channel])
    there = cluster.node("there", peers=("here",), reactors=[Numbers])
    async with cluster.running(here, there):
        stream = here.stream(Address[object](Peer(there.node_id), "numbers"), Count(3))
        assert [await anext(stream) for _ in range(3)] == [0, 1, 2]
        await asyncio.sleep(1)
        assert ENDED == []
        await stream.aclose()
        await asyncio.sleep(1)
        assert ENDED == [3]
