"""What peers make a node hold in streams, over real sockets: it counts, and who has to go hears why."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgpack
import pytest
from virtual_time import eventually, in_real_time

from benchmarks.siege.attack import NETWORK, Target
from benchmarks.siege.raw import Wire
from peerbus.actors import Channel, Message, Reactor, Request, handles
from peerbus.discovery import PeerOptions
from peerbus.node import Node
from peerbus.transports.streams.identity import Identity
from peerbus.transports.wire import flags_of


class Chunk(Message):
    data: bytes


class Rows(Message):
    rows: list[list[int]]


class Upload(Message, Request[int]):
    """Chunks or rows come with it."""


class Store(Reactor):
    """Takes one item of each stream, and no more; and rows, of which it is never done with the first."""

    channel = Channel("store", messages=(Upload, Chunk, Rows))

    @handles(Upload, reentrant=True)
    async def upload(self, _: Upload, items: AsyncIterator[Chunk | Rows]) -> int:
        async for _item in items:
            await asyncio.Event().wait()
        return 0

    @handles(Rows)
    async def rows(self, _: Rows) -> None:
        await asyncio.Event().wait()


ROWS = b"\x81\xa4rows\xdd" + (30_000).to_bytes(4, "big") + b"\x90" * 30_000


async def peer_of(node: Node) -> Wire:
    return await Wire.as_peer(Target.at(node.endpoints[0], NETWORK), Identity.generate(), source="127.0.0.1")


async def fill(wire: Wire, kind: int, item: bytes) -> None:
    """Open streams, and send what each has credit for."""
    at = wire.channel("store")
    for rid in range(1, 40):
        wire.send("ASK", at, [[rid, 60_000, 1 | flags_of(1, 1, opened=True), 0, msgpack.packb({})]])
        await wire.until("GRANT")
        for _ in range(15):
            wire.send("ITEMS", 2 * at, rid, kind, [item])


def node() -> Node:
    options = PeerOptions(peer_memory=16 << 20)
    return Node("alice", network=NETWORK, listen=["tcp://127.0.0.1:0"], reactors=[Store], mdns=False, options=options)


@pytest.mark.parametrize(("kind", "item"), [(2, msgpack.packb({"data": bytes(60_000)})), (3, ROWS)])
@in_real_time
async def test_items_that_nobody_reads_count_as_what_they_take_and_who_has_to_go_hears_why(
    kind: int, item: bytes
) -> None:
    async with node() as alice:
        wire = await peer_of(alice)
        try:
            with pytest.raises(EOFError, match="peer_memory"):
                await fill(wire, kind, item)
            await eventually(lambda: not alice.peers)
        finally:
            wire.close()


@in_real_time
async def test_the_word_why_it_has_to_go_arrives_where_a_peer_reads_while_it_sends() -> None:
    async with node() as alice:
        for _ in range(5):
            wire = await peer_of(alice)
            try:
                at, window = wire.channel("store"), wire.peer["channels"][wire.channel("store")]["bytes"]
                for _ in range(window // len(ROWS)):
                    wire.send("TELL", at, [[3, 0, ROWS]])
                with pytest.raises(EOFError, match="peer_memory"):
                    await wire.until("REPLY")
            finally:
                wire.close()
            await eventually(lambda: not alice.peers)
