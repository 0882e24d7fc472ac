"""Tells and asks between nodes: what waits for credit, and what a full mailbox does at the peer."""

from __future__ import annotations

import asyncio

import pytest
from clusters import Cluster, assert_ledgers, lane
from stores import Get, Got, Other, Put, Store, awaited, store, two
from virtual_time import eventually, in_virtual_time

from peerbus.actors import (
    Channel,
    DeadLetter,
    DeadlineExceeded,
    MailboxFull,
    Overflow,
    Peer,
    Reactor,
    handles,
)


@pytest.mark.parametrize("timeout", [-1.0, float("-inf"), float("nan")])
@in_virtual_time
async def test_what_has_no_time_left_when_it_is_sent_to_a_peer_is_not_written(timeout: float) -> None:
    cluster = Cluster()
    alice, bob = two(cluster)
    async with cluster.running(alice, bob):
        to = Peer(bob.node_id) / Store
        expected: type[Exception] = ValueError if timeout != timeout else DeadlineExceeded
        with pytest.raises(expected):
            await alice.tell(to, Put(1), timeout=timeout)
        with pytest.raises(expected):
            await alice.ask(to, Get(1), timeout=timeout)
        with pytest.raises(DeadlineExceeded):
            await alice.ask(to, Get(1), timeout=0)
        await alice.tell(to, Put(2), timeout=0)  # now or not at all: there is credit
        assert await alice.ask(to, Get(3)) == Got(3, b"xxx")
        assert store(bob).put == [Put(2)]
        assert lane(bob, alice, "store").sent == 0
        assert bob.snapshot().ledger.arrived["store"].sent == 2
        assert_ledgers(alice, bob)


@in_virtual_time
async def test_a_send_without_credit_waits_until_its_deadline_and_others_do_not_notice() -> None:
    cluster = Cluster()
    alice, bob, carol = (*two(cluster), cluster.node("carol", peers=("alice", "bob"), reactors=[Store, Other]))
    async with cluster.running(alice, bob, carol):
        loop = asyncio.get_running_loop()
        store(bob).gate.clear()
        to = Peer(bob.node_id) / Store
        sent = 0
        while lane(alice, bob, "store").credit_messages:
            await alice.tell(to, Put(sent))
            sent += 1
            await asyncio.sleep(0.01)
        before = loop.time()
        with pytest.raises(DeadlineExceeded) as caught:
            await alice.tell(to, Put(1000), timeout=1)
        assert caught.value.phase == "credit"
        assert 1 <= loop.time() - before < 1.1
        with pytest.raises(DeadlineExceeded) as caught:
            await alice.ask(to, Get(1), timeout=1)
        assert caught.value.phase == "credit"
        assert lane(alice, bob, "store").failed == {"deadline_credit": 2}
        # The other channel, the other peer, and other senders to the stalled one.
        assert await alice.ask(Peer(bob.node_id) / Other, Get(1), timeout=0.1) == Got(1, b"")
        assert await alice.ask(Peer(carol.node_id) / Store, Get(1), timeout=0.1) == Got(1, b"x")
        await carol.tell(to, Put(1001), timeout=0.1)
        assert_ledgers(alice, bob, carol)
        waiting = asyncio.ensure_future(alice.tell(to, Put(sent), timeout=60))
        await asyncio.sleep(20)  # heartbeats go on meanwhile
        assert alice.peers
        store(bob).gate.set()
        await waiting
        await eventually(lambda: len(store(bob).put) == sent + 2)
        assert [m.number for m in store(bob).put if m.number != 1001] == list(range(sent + 1))
        assert_ledgers(alice, bob, carol)


@in_virtual_time
async def test_a_send_that_finds_no_credit_and_is_not_awaited_is_a_dead_letter() -> None:
    cluster = Cluster()
    alice, bob = two(cluster)
    async with cluster.running(alice, bob):
        store(bob).gate.clear()
        with alice.subscribe(DeadLetter) as letters:
            for number in range(20):
                alice.tell(Peer(bob.node_id) / Store, Put(number))
            alice.ask(Peer(bob.node_id) / Store, Get(1))
            for number in (16, 17, 18, 19):
                letter = await letters.get()
                assert (letter.message, letter.reason) == (Put(number), "mailbox_full")
            assert (await letters.get()).message == Get(1)
        assert lane(alice, bob, "store").failed == {"mailbox_full": 5}
        assert_ledgers(alice)


@in_virtual_time
async def test_an_asker_that_is_cancelled_while_it_waits_for_credit_leaves_nothing() -> None:
    cluster = Cluster()
    alice, bob = two(cluster)
    async with cluster.running(alice, bob):
        store(bob).gate.clear()
        for number in range(16):
            await alice.tell(Peer(bob.node_id) / Store, Put(number))
        await asyncio.sleep(0.1)
        link = alice.bus.routes.peers[bob.node_id]
        idle = link.load("store")
        asks = [asyncio.ensure_future(awaited(alice.ask(Peer(bob.node_id) / Store, Get(1)))) for _ in range(3)]
        await asyncio.sleep(0.1)
        assert link.load("store").in_flight == idle.in_flight + 3
        for ask in asks:
            ask.cancel()
        await asyncio.gather(*asks, return_exceptions=True)
        assert link.load("store") == idle
        assert lane(alice, bob, "store").failed == {"cancelled": 3}
        assert_ledgers(alice)


@pytest.mark.parametrize(
    ("overflow", "wanted"),
    [
        (Overflow.REJECT, {"mailbox_full": 12}),
        (Overflow.DROP_NEWEST, {}),
        (Overflow.DROP_OLDEST, {}),
        (Overflow.LATEST, {}),
        (Overflow.WAIT, {}),
    ],
)
@pytest.mark.parametrize("dispatcher", ["loop"])
@in_virtual_time
async def test_a_full_mailbox_does_at_the_peer_what_its_policy_says(
    overflow: Overflow, wanted: dict[str, int], dispatcher: str
) -> None:
    class Small(Reactor):
        channel = Channel("small", messages=(Put,), mailbox=4, window=64, overflow=overflow)

        def __init__(self) -> None:
            super().__init__()
            self.gate = asyncio.Event()
            self.kept: list[int] = []

        @handles(Put)
        async def put(self, message: Put) -> None:
            await self.gate.wait()
            self.kept.append(message.number)

    cluster = Cluster()
    alice = cluster.node("alice", peers=("bob",), channels=[Small.channel])
    bob = cluster.node("bob", reactors=[Small])
    async with cluster.running(alice, bob):
        cell = bob.bus.cell("small")
        assert cell is not None
        small = cell.actor
        assert isinstance(small, Small)
        await alice.tell(Peer(bob.node_id) / Small, Put(0))
        await asyncio.sleep(0.1)
        for number in range(1, 17):
            await alice.tell(Peer(bob.node_id) / Small, Put(number))
        await asyncio.sleep(0.1)
        assert lane(alice, bob, "small").failed == wanted
        assert_ledgers(alice)
        small.gate.set()
        kept = {
            Overflow.REJECT: [0, 1, 2, 3, 4],
            Overflow.DROP_NEWEST: [0, 1, 2, 3, 4],
            Overflow.DROP_OLDEST: [0, 13, 14, 15, 16],
            Overflow.LATEST: [0, 16],
            Overflow.WAIT: list(range(17)),
        }[overflow]
        await eventually(lambda: small.kept == kept)
        for number in range(100, 300):  # and the credit of what was dropped came back
            await alice.tell(Peer(bob.node_id) / Small, Put(number), timeout=1)
            await asyncio.sleep(0.01)
        assert_ledgers(alice)


@in_virtual_time
async def test_an_ask_that_a_full_mailbox_rejects_fails_with_mailbox_full() -> None:
    class Small(Reactor):
        channel = Channel("small", messages=(Put,), mailbox=1, overflow=Overflow.REJECT)

        @handles(Put)
        async def put(self, message: Put) -> int:
            await asyncio.sleep(1)
            return message.number

    cluster = Cluster()
    alice = cluster.node("alice", peers=("bob",), channels=[Small.channel])
    bob = cluster.node("bob", reactors=[Small])
    async with cluster.running(alice, bob):
        to = Peer(bob.node_id) / Small
        asks = [asyncio.ensure_future(awaited(alice.ask(to, Put(number)))) for number in range(4)]
        results = await asyncio.gather(*asks, return_exceptions=True)
        # One is handled only after the batch was delivered, so one place for four.
        assert [type(result) for result in results].count(MailboxFull) >= 2
        assert any(isinstance(result, int) for result in results)
