"""Tells and asks between nodes: every send has an outcome."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest
from clusters import Cluster, assert_ledgers
from stores import Get, Got, Hang, Put, Store, store, two
from virtual_time import eventually, in_virtual_time

from peerbus.actors import (
    EVERYONE,
    LOCAL,
    Address,
    Channel,
    DeadlineExceeded,
    Peer,
    Reactor,
    Role,
    handles,
)


def _has(kept: list[Put], number: int) -> bool:
    return len(kept) == number


@in_virtual_time
async def test_tells_arrive_in_order_in_both_directions_with_their_sender() -> None:
    cluster = Cluster()
    alice, bob = two(cluster)
    async with cluster.running(alice, bob):
        for here, there in ((alice, bob), (bob, alice)):
            for number in range(100):
                await here.tell(Peer(there.node_id) / Store, Put(number))
            kept = store(there).put
            await eventually(partial(_has, kept, 100))
            assert [message.number for message in kept] == list(range(100))
        assert_ledgers(alice, bob)


@in_virtual_time
async def test_a_reactor_sees_the_address_of_the_reactor_that_sent_and_can_answer_it() -> None:
    class Echo(Reactor):
        channel = Channel("echo", messages=(Get, Got))

        def __init__(self) -> None:
            super().__init__()
            self.got: list[int] = []

        @handles(Get)
        async def get(self, message: Get, sender: Address[object] | None) -> None:
            assert sender is not None
            await self.tell(sender, Got(message.number, b""))

        @handles(Got)
        def take(self, message: Got) -> None:
            self.got.append(message.number)

    class Caller(Reactor):
        channel = Channel("caller", messages=(Put, Got))

        def __init__(self) -> None:
            super().__init__()
            self.got: list[int] = []

        @handles(Put)
        async def put(self, message: Put) -> None:
            await self.tell(Role("echo") / Echo, Get(message.number))

        @handles(Got)
        def take(self, message: Got) -> None:
            self.got.append(message.number)

    cluster = Cluster()
    alice = cluster.node("alice", peers=("bob",), reactors=[Caller], channels=[Echo.channel])
    bob = cluster.node("bob", reactors=[Echo], channels=[Caller.channel], offers={"echo"})
    async with cluster.running(alice, bob):
        cell = alice.bus.cell("caller")
        assert cell is not None
        caller = cell.actor
        assert isinstance(caller, Caller)
        await alice.tell(LOCAL / Caller, Put(7))
        await eventually(lambda: caller.got == [7])


@in_virtual_time
async def test_an_ask_is_answered_in_both_directions() -> None:
    cluster = Cluster()
    alice, bob = two(cluster)
    async with cluster.running(alice, bob):
        assert await alice.ask(Peer(bob.node_id) / Store, Get(3), reply=Got) == Got(3, b"xxx")
        assert await bob.ask(Peer(alice.node_id) / Store, Get(4), reply=Got) == Got(4, b"xxxx")


@in_virtual_time
async def test_answers_come_in_another_order_than_the_asks() -> None:
    cluster = Cluster()
    alice, bob = two(cluster)
    async with cluster.running(alice, bob):
        done: list[object] = []

        async def ask(seconds: int) -> None:
            done.append(await alice.ask(Peer(bob.node_id) / Store, Hang(seconds), timeout=10))

        await asyncio.gather(*(ask(seconds) for seconds in (3, 1, 2)))
        assert done == [1, 2, 3]


@in_virtual_time
async def test_cancelling_the_asker_cancels_the_handler_at_the_peer() -> None:
    cluster = Cluster()
    alice, bob = two(cluster)
    async with cluster.running(alice, bob):
        ask = asyncio.ensure_future(alice.ask(Peer(bob.node_id) / Store, Hang(1000), timeout=2000))
        await asyncio.sleep(1)
        ask.cancel()
        await eventually(lambda: store(bob).cancelled == [1000])
        assert_ledgers(alice, bob)


@in_virtual_time
async def test_an_ask_whose_time_is_over_ends_with_the_phase_reply_and_its_handler_is_cancelled() -> None:
    cluster = Cluster()
    alice, bob = two(cluster)
    async with cluster.running(alice, bob):
        with pytest.raises(DeadlineExceeded) as caught:
            await alice.ask(Peer(bob.node_id) / Store, Hang(1000), timeout=1)
        assert caught.value.phase == "reply"
        assert caught.value.message == Hang(1000)
        await eventually(lambda: store(bob).cancelled == [1000])


@in_virtual_time
async def test_everyone_without_a_peer_is_an_empty_result() -> None:
    cluster = Cluster()
    alice = cluster.node("alice", reactors=[Store])
    async with cluster.running(alice):
        assert len(await alice.tell(EVERYONE / Store, Put(1))) == 0
        assert len(await alice.ask(Role("x", pick="all") / Store, Get(1))) == 0
