"""Items that go with a message, from one version to the next: a handler has their types, and no channel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from clusters import Cluster, assert_ledgers
from virtual_time import in_virtual_time

from peerbus.actors import Channel, Message, Peer, Reactor, RemoteError, Request, SchemaMismatch, handles
from peerbus.node import Node


class Upload(Message, Request[int]):
    name: str


class OldChunk(Message):
    data: bytes


class NewChunk(Message):
    data: bytes
    checksum: int


class WiderChunk(Message):
    data: bytes
    checksum: int = 0


for each in (OldChunk, NewChunk, WiderChunk):
    each.__name__ = "Chunk"


class Old(Reactor):
    channel: Channel[Any] = Channel("store", messages=(Upload, OldChunk))


class New(Reactor):
    channel: Channel[Any] = Channel("store", messages=(Upload, NewChunk))

    @handles(Upload)
    async def store(self, upload: Upload, chunks: AsyncIterator[NewChunk]) -> int:
        return sum([each.checksum async for each in chunks])


class Wider(Reactor):
    channel: Channel[Any] = Channel("store", messages=(Upload, WiderChunk))

    @handles(Upload)
    async def store(self, upload: Upload, chunks: AsyncIterator[WiderChunk]) -> int:
        return sum([len(each.data) async for each in chunks])


class Numbers(Reactor):
    channel: Channel[Any] = Channel("numbers", messages=(Upload,))
    taken = 0

    @handles(Upload)
    async def store(self, upload: Upload, numbers: AsyncIterator[int]) -> int:
        async for each in numbers:
            Numbers.taken += each
        return Numbers.taken


async def sent(source: Node, to: Node, reactor: str, *items: object) -> int:
    async with source.open(Peer(to.node_id) / reactor, Upload("a")) as s:
        for item in items:
            await s.send(item)
        return await s.result()


@in_virtual_time
async def test_an_item_that_is_a_message_is_judged_as_one_before_it_goes() -> None:
    cluster = Cluster()
    new, wider = cluster.node("new", reactors=[New]), cluster.node("wider", reactors=[Wider])
    old = cluster.node("old", peers=("new", "wider"), channels=[Old.channel])
    async with cluster.running(old, new, wider):
        async with old.open(Peer(wider.node_id) / "store", Upload("a")) as s:
            await s.send(OldChunk(b"abc"))
            assert await s.result() == 3
        said = r"a Chunk cannot be sent to the peer: Chunk\.checksum is required at the peer, .*; give it a default"
        with pytest.raises(SchemaMismatch, match=said):
            await sent(old, new, "store", OldChunk(b"abc"))
        assert_ledgers(old, new, wider)


@in_virtual_time
async def test_a_plain_item_is_judged_where_its_handler_stands_behind_those_before_it() -> None:
    cluster = Cluster()
    new = cluster.node("new", reactors=[Numbers])
    old = cluster.node("old", peers=("new",), channels=[Numbers.channel])
    async with cluster.running(old, new):
        with pytest.raises(RemoteError, match="MessageTypeError: a str came with an Upload, whose handler takes int"):
            await sent(old, new, "numbers", 7, "eight")
        assert Numbers.taken == 7
        assert_ledgers(old, new)
