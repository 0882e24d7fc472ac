"""Tells and asks between nodes: messages of any size."""

from __future__ import annotations

import pytest
from clusters import Cluster
from stores import Get, Got, Other, Put, Store, store, two
from virtual_time import eventually, in_virtual_time, outcome_of

from peerbus.actors import (
    MessageTooLarge,
    Peer,
)


@pytest.mark.parametrize("size", [0, 1, 16_000, 16_300, 16_350, 16_384, 16_385, 40_000, 65_536, 100_000, 1 << 20])
@in_virtual_time
async def test_messages_of_any_size_arrive_whole(size: int) -> None:
    cluster = Cluster()
    alice, bob = two(cluster)
    async with cluster.running(alice, bob):
        to = Peer(bob.node_id) / Store
        data = bytes(number % 251 for number in range(size))
        await alice.tell(to, Put(1, data))
        assert await alice.ask(to, Get(size), reply=Got) == Got(size, b"x" * size)
        assert store(bob).put == [Put(1, data)]


@in_virtual_time
async def test_the_largest_message_arrives_and_one_byte_more_is_refused() -> None:
    cluster = Cluster()
    alice, bob = two(cluster)
    async with cluster.running(alice, bob):
        to = Peer(bob.node_id) / Store
        head = len(b"\x82\xa6number\x01\xa4data\xc6....")
        largest = (16 << 20) - head
        await alice.tell(to, Put(1, bytes(largest)), timeout=60)
        await eventually(lambda: len(store(bob).put) == 1)
        assert type(await outcome_of(alice.tell(to, Put(1, bytes(largest + 1))))) is MessageTooLarge


@in_virtual_time
async def test_small_asks_are_answered_while_a_large_message_is_under_way() -> None:
    cluster = Cluster()
    alice, bob = two(cluster)
    async with cluster.running(alice, bob):
        await alice.tell(Peer(bob.node_id) / Store, Put(1, bytes(10 << 20)), timeout=60)
        for number in range(3):
            assert await alice.ask(Peer(bob.node_id) / Other, Get(number)) == Got(number, b"")
        assert not store(bob).put, "the asks should have overtaken the large message"
        await eventually(lambda: len(store(bob).put) == 1)
