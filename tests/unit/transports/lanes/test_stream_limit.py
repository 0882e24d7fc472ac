"""More streams than may be open at one peer: the next one waits for a place, and hears why where none comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from clusters import Cluster
from virtual_time import eventually, in_virtual_time

from peerbus.actors import (
    Address,
    Channel,
    DeadlineExceeded,
    Message,
    Peer,
    Reactor,
    Request,
    Role,
    SendError,
    Stream,
    handles,
)
from peerbus.node import Node
from peerbus.transports.lanes import MAX_STREAMS


class Make(Message, Request[Stream[int]]):
    number: int
    takes: float = 1.0


class Begun(Message, Request[list[int]]):
    """Which were begun, in their order, and how many were open at most."""


class Thumbs(Reactor):
    channel = Channel("thumbs", messages=(Make, Begun))

    def __init__(self) -> None:
        super().__init__()
        self.begun: list[int] = []
        self.open = self.most = 0

    @handles(Make)
    async def make(self, make: Make) -> AsyncIterator[int]:
        self.begun.append(make.number)
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            yield make.number
            await asyncio.sleep(make.takes)
            yield -make.number
        finally:
            self.open -= 1

    @handles(Begun)
    def say(self, _: Begun) -> list[int]:
        return [self.most, *self.begun]


async def read(
    node: Node,
    to: Address[Any],
    number: int,
    takes: float = 1.0,
    timeout: float | None = None,
    idle: float | None = None,
) -> list[int]:
    return [item async for item in node.stream(to, Make(number, takes), timeout=timeout, idle=idle)]


def two() -> tuple[Cluster, Node, Node, Address[object]]:
    cluster = Cluster()
    here = cluster.node("here", channels=[Thumbs.channel])
    there = cluster.node("there", peers=("here",), reactors=[Thumbs], offers={"thumbs"})
    return cluster, here, there, Address[object](Peer(there.node_id), "thumbs")


def nothing_waits(node: Node) -> bool:
    account = node.snapshot().ledger.remote["thumbs"]
    return not account.pending and account.sent == account.delivered + sum(account.failed.values())


@in_virtual_time
async def test_streams_beyond_the_bound_wait_for_a_place_in_their_order_and_none_is_lost() -> None:
    cluster, here, there, to = two()
    async with cluster.running(here, there):
        by_role = Role("thumbs", "least") / Thumbs
        reads = [asyncio.ensure_future(read(here, by_role if n % 2 else to, n)) for n in range(600)]
        await asyncio.sleep(0.5)
        assert await here.ask(to, Begun(), timeout=0.1) == [MAX_STREAMS, *range(MAX_STREAMS)]  # it does not wait
        assert here.snapshot().ledger.remote["thumbs"].sent == 601  # those that wait count as pending
        assert await asyncio.gather(*reads) == [[n, -n] for n in range(600)]
        assert await here.ask(to, Begun()) == [MAX_STREAMS, *range(600)]
        await eventually(lambda: nothing_waits(here))
        assert here.snapshot().ledger.remote["thumbs"].failed == {}


@in_virtual_time
async def test_who_gets_no_place_in_time_or_gives_up_leaves_the_queue() -> None:
    cluster, here, there, to = two()
    async with cluster.running(here, there):
        reads = [asyncio.ensure_future(read(here, to, n, 4.0)) for n in range(MAX_STREAMS)]
        late = [asyncio.ensure_future(read(here, to, n, timeout=2)) for n in (1000, 1001)]
        gone = asyncio.ensure_future(read(here, to, 1002))
        asked_anew = asyncio.ensure_future(read(here, to, 1003, idle=30))
        await asyncio.sleep(1)
        gone.cancel()
        for each in late:
            with pytest.raises(DeadlineExceeded, match=rf"{MAX_STREAMS} streams .*'thumbs'.* deadline") as found:
                await each
            assert (found.value.phase, found.value.items) == ("streams", 0)
        assert await asked_anew == [1003, -1003]
        assert await asyncio.gather(*reads) == [[n, -n] for n in range(MAX_STREAMS)]
        assert await here.ask(to, Begun()) == [MAX_STREAMS, *range(MAX_STREAMS), 1003]
        await eventually(lambda: nothing_waits(here))
        assert here.snapshot().ledger.remote["thumbs"].failed == {"deadline_streams": 2, "cancelled": 1}


@in_virtual_time
async def test_a_stream_that_is_left_gives_its_place_to_the_next_one() -> None:
    cluster, here, there, to = two()
    async with cluster.running(here, there):
        streams = [here.stream(to, Make(n, 1e6)) for n in range(MAX_STREAMS)]
        assert [await anext(stream) for stream in streams] == list(range(MAX_STREAMS))
        waiting = [asyncio.ensure_future(read(here, to, n, 0.0)) for n in range(1000, 1100)]
        await asyncio.sleep(1)
        for stream in streams[:50]:
            await stream.aclose()
        assert await asyncio.gather(*waiting) == [[n, -n] for n in range(1000, 1100)]
        for stream in streams[50:]:
            await stream.aclose()


@in_virtual_time
async def test_those_that_wait_hear_of_the_end_of_the_peer() -> None:
    cluster, here, there, to = two()
    async with cluster.running(here, there):
        reads = [asyncio.ensure_future(read(here, to, n, 1e6, idle=1e7)) for n in range(MAX_STREAMS + 10)]
        await asyncio.sleep(1)
        there.bus.shutdown_timeout = 0.1
        await there.aclose()
        found = await asyncio.gather(*reads, return_exceptions=True)
        errors = [each for each in found if isinstance(each, SendError)]
        assert [each.items for each in errors] == [1] * MAX_STREAMS + [0] * 10
        assert "stopped while it answered" in str(errors[0])
        await eventually(lambda: nothing_waits(here))
