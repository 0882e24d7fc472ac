"""How much a peer may send, over real sockets: it is slowed down, and nothing else is."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import msgpack
import pytest
from virtual_time import eventually, in_real_time

from benchmarks.siege.attack import NETWORK, Target
from benchmarks.siege.raw import Wire
from peerbus.actors import Channel, Message, Peer, Rate, Reactor, Request, Stream, handles
from peerbus.node import Node
from peerbus.transports.streams.identity import Identity
from peerbus.transports.wire import flags_of


class Note(Message):
    number: int


class Slow(Reactor):
    channel = Channel("slow", messages=(Note,), rate=Rate(messages=400, messages_burst=50))

    @handles(Note)
    def note(self, message: Note) -> Note:
        return message


class Free(Reactor):
    channel = Channel("free", messages=(Note,))

    @handles(Note)
    def note(self, message: Note) -> Note:
        return message


@in_real_time
async def test_a_peer_gets_through_what_the_rate_lets_through_and_other_channels_do_not_notice() -> None:
    async with (
        Node("alice", listen=["tcp://127.0.0.1:0"], reactors=[Slow, Free]) as alice,
        Node("bob", peers=alice.endpoints, reactors=[Slow, Free]) as bob,
    ):
        await eventually(lambda: alice.node_id in bob.peers and bob.node_id in alice.peers)
        began = time.monotonic()
        for number in range(200):
            await bob.tell(Peer(alice.node_id) / Slow, Note(number), timeout=60)
            if number % 10 == 0:
                assert await bob.ask(Peer(alice.node_id) / Free, Note(number), timeout=60) == Note(number)
        took = time.monotonic() - began
        assert took >= (200 - 50 - 1) / 400 - 0.05
        await eventually(lambda: alice.snapshot().ledger.arrived["slow"].delivered == 200)
        assert alice.snapshot().ledger.arrived["slow"].failed == {}
        assert alice.snapshot().carried.held["slow"] > 0
        (connection,) = alice.snapshot().connections.values()
        assert set(connection.rates) == {"slow"}


class Upload(Message, Request[int]):
    """Of the notes that come with it."""


class Count(Message, Request[Stream[Note]]):
    to: int


class Store(Reactor):
    channel = Channel("store", messages=(Upload, Count, Note), rate=Rate(messages=400, messages_burst=50))

    @handles(Upload, reentrant=True)
    async def upload(self, _: Upload, notes: AsyncIterator[Note]) -> int:
        return len([note async for note in notes])

    @handles(Count, reentrant=True)
    async def count(self, count: Count) -> AsyncIterator[Note]:
        for number in range(count.to):
            yield Note(number)


@in_real_time
async def test_items_of_streams_come_by_the_rate_in_both_directions_and_other_channels_do_not_notice() -> None:
    async with (
        Node("alice", listen=["tcp://127.0.0.1:0"], reactors=[Store, Free]) as alice,
        Node("bob", peers=alice.endpoints, reactors=[Store, Free]) as bob,
    ):
        await eventually(lambda: alice.node_id in bob.peers and bob.node_id in alice.peers)
        began = time.monotonic()
        async with bob.open(Peer(alice.node_id) / Store, Upload(), timeout=60) as upload:
            for number in range(300):
                await upload.send(Note(number))
                if number % 30 == 0:
                    assert await bob.ask(Peer(alice.node_id) / Free, Note(number), timeout=60) == Note(number)
            assert await upload.result() == 300
        assert time.monotonic() - began >= (300 - 50 - 1) / 400 - 0.05
        assert alice.snapshot().carried.held["store"] > 0
        began = time.monotonic()
        numbers = [note.number async for note in alice.stream(Peer(bob.node_id) / Store, Count(300), idle=60)]
        assert numbers == list(range(300))
        assert time.monotonic() - began >= (300 - 50 - 1) / 400 - 0.05
        assert alice.node_id in bob.peers


@in_real_time
async def test_a_peer_that_sends_items_without_credit_is_cut_and_no_other() -> None:
    async with (
        Node("alice", network=NETWORK, listen=["tcp://127.0.0.1:0"], reactors=[Store], mdns=False) as alice,
        Node("bob", network=NETWORK, peers=alice.endpoints, channels=[Store.channel], mdns=False) as bob,
    ):
        await eventually(lambda: bob.node_id in alice.peers)
        wire = await Wire.as_peer(Target.at(alice.endpoints[0], NETWORK), Identity.generate(), source="127.0.0.1")
        try:
            at = wire.channel("store")
            wire.send("ASK", at, [[1, 60_000, 1 | flags_of(1, 1, opened=True), 0, msgpack.packb({})]])
            _, lane, rid, granted, _size = await wire.until("GRANT")
            assert (lane, rid) == (2 * at, 1)
            assert 0 < granted <= 50  # no more than a burst, where a window is 1,024
            note = msgpack.packb({"number": 1})
            wire.send("ITEMS", lane, rid, 3, [note] * granted)
            _, _, _, more, _size = await wire.until("GRANT")
            wire.send("ITEMS", lane, rid, 3, [note] * (more + 200))
            with pytest.raises(EOFError, match="window_overrun"):
                await wire.until("REPLY")
        finally:
            wire.close()
        assert len([note async for note in bob.stream(Peer(alice.node_id) / Store, Count(3))]) == 3
        assert bob.node_id in alice.peers
