"""Answers that become streams, or values, from one version to the next: what both understand is asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from clusters import Cluster, assert_ledgers, lane
from virtual_time import eventually, in_virtual_time

from peerbus.actors import Channel, Message, Peer, Reactor, Request, Role, SchemaMismatch, Stream, handles


class Block(Message):
    height: int


class Stored(Message):
    """How many there are."""


class OneGet(Message, Request[Block]):
    height: int


class ManyGet(Message, Request[Stream[Block]]):
    height: int


class WideGet(Message, Request[Stream[float]]):
    height: int


class NarrowGet(Message, Request[Stream[int]]):
    height: int


for each in (OneGet, ManyGet, WideGet, NarrowGet):
    each.__name__ = "Get"


class Blocks(Reactor):
    asked = 0

    @handles(Stored)
    def stored(self, message: Stored) -> int:
        return self.asked


class One(Blocks):
    channel: Channel[Any] = Channel("blocks", messages=(OneGet, Block, Stored))

    @handles(OneGet)
    def get(self, message: OneGet) -> Block:
        self.asked += 1
        return Block(message.height)


class Many(Blocks):
    channel: Channel[Any] = Channel("blocks", messages=(ManyGet, Block, Stored))

    @handles(ManyGet)
    async def get(self, message: ManyGet) -> AsyncIterator[Block]:
        self.asked += 1
        for height in range(message.height):
            yield Block(height)


class Wide(Blocks):
    channel: Channel[Any] = Channel("blocks", messages=(WideGet, Stored))

    @handles(WideGet)
    async def get(self, message: WideGet) -> AsyncIterator[float]:
        for height in range(message.height):
            yield float(height)


class Narrow(Blocks):
    channel: Channel[Any] = Channel("blocks", messages=(NarrowGet, Stored))

    @handles(NarrowGet)
    async def get(self, message: NarrowGet) -> AsyncIterator[int]:
        for height in range(message.height):
            yield height


@in_virtual_time
async def test_an_ask_that_became_a_stream_is_not_made_and_is_named_both_ways() -> None:
    cluster = Cluster()
    one = cluster.node("one", peers=("many",), reactors=[One])
    many = cluster.node("many", reactors=[Many])
    async with cluster.running(one, many):
        to_many, to_one = Peer(many.node_id) / "blocks", Peer(one.node_id) / "blocks"
        said = "a Get cannot be asked of the peer: the answer to Get comes in items at the peer, at once at this node;"
        with pytest.raises(SchemaMismatch, match=said) as e:
            await one.ask(to_many, OneGet(1))
        assert e.value.never_sent
        with pytest.raises(SchemaMismatch, match=said):  # whatever it is read as
            await one.ask(to_many, OneGet(1), reply=dict)
        with pytest.raises(SchemaMismatch, match="comes at once at the peer, in items at this node"):
            _ = [each async for each in many.stream(to_one, ManyGet(1))]
        assert await one.ask(to_many, Stored()) == 0
        assert lane(one, many, "blocks").failed == {"schema_mismatch": 2}
        assert set(lane(one, many, "blocks").unsent) == {"Get"}
        await one.tell(to_many, OneGet(1))  # a tell has no answer that could come another way
        assert_ledgers(one, many)


@in_virtual_time
async def test_a_role_is_those_that_answer_in_the_way_that_is_asked_for() -> None:
    cluster = Cluster()
    one = cluster.node("one", offers={"archive"}, reactors=[One])
    many = cluster.node("many", offers={"archive"}, reactors=[Many])
    old = cluster.node("old", peers=("one", "many"), channels=[One.channel])
    new = cluster.node("new", peers=("one", "many"), channels=[Many.channel])
    async with cluster.running(one, many, old, new):
        await eventually(lambda: len(old.peers) == len(new.peers) == 2)
        archive = Role("archive") / "blocks"
        for _ in range(20):
            assert await old.ask(archive, OneGet(7)) == Block(7)
            assert [each.height async for each in new.stream(archive, ManyGet(3))] == [0, 1, 2]
        assert await old.ask(Peer(one.node_id) / "blocks", Stored()) == 20
        assert await old.ask(Peer(many.node_id) / "blocks", Stored()) == 20


@in_virtual_time
async def test_items_that_become_wider_are_read_by_who_reads_more_and_not_the_other_way_round() -> None:
    cluster = Cluster()
    wide = cluster.node("wide", peers=("narrow",), reactors=[Wide])
    narrow = cluster.node("narrow", reactors=[Narrow])
    async with cluster.running(wide, narrow):
        to_wide, to_narrow = Peer(wide.node_id) / "blocks", Peer(narrow.node_id) / "blocks"
        assert [each async for each in wide.stream(to_narrow, WideGet(2))] == [0.0, 1.0]
        with pytest.raises(SchemaMismatch, match="the answer to Get is float at the peer, int at this node"):
            _ = [each async for each in narrow.stream(to_wide, NarrowGet(2))]
