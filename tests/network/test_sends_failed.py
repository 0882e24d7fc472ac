"""Tells and asks between nodes: each failure is named, to its sender or to dead letters."""

from __future__ import annotations

import asyncio
import gc
from dataclasses import dataclass

from clusters import Cluster, assert_ledgers, lane
from stores import Get, Got, Other, Put, Refuse, Store, awaited, store, two
from virtual_time import in_virtual_time, outcome_of

from peerbus.actors import (
    Channel,
    DeadLetter,
    MessageTooLarge,
    MessageTypeError,
    NoRoute,
    NoSuchReactor,
    Peer,
    PeerGone,
    Reactor,
    RemoteError,
    Role,
    SchemaMismatch,
    handles,
)


@in_virtual_time
async def test_a_handler_that_fails_and_one_that_refuses_are_told_apart() -> None:
    cluster = Cluster()
    alice, bob = two(cluster)
    async with cluster.running(alice, bob):
        to = Peer(bob.node_id) / Store
        bug = await outcome_of(alice.ask(to, Refuse("bug")))
        assert isinstance(bug, RemoteError)
        assert (bug.code, bug.text) == ("ValueError", "a defect")
        for code in ("not_found", "mailbox_full", "deadline_mailbox", "reactor:odd"):
            refusal = await outcome_of(alice.ask(to, Refuse(code)))
            assert isinstance(refusal, RemoteError)
            assert (refusal.code, refusal.text) == (code, "on purpose")


@in_virtual_time
async def test_an_ask_whose_failure_nobody_looked_at_is_a_dead_letter_that_names_the_reactor() -> None:
    cluster = Cluster()
    alice, bob = two(cluster)
    async with cluster.running(alice, bob), alice.subscribe(DeadLetter) as letters:
        to = Peer(bob.node_id) / Store
        alice.ask(to, Refuse("busy"))
        assert await alice.ask(to, Get(1)) == Got(1, b"x")
        await asyncio.sleep(0)
        gc.collect()
        letter = await letters.get()
        assert (letter.message, letter.reason, letter.to) == (Refuse("busy"), "unheard", str(to))


@in_virtual_time
async def test_what_cannot_be_sent_fails_at_once_with_a_named_error() -> None:
    @dataclass(frozen=True)
    class Undeclared:
        number: int

    cluster = Cluster()
    alice, bob = two(cluster)
    async with cluster.running(alice, bob):
        peer = Peer(bob.node_id)
        for sent, wanted in (
            (alice.tell(peer / "nobody", Put(1)), NoSuchReactor),
            (alice.tell(peer / "store", Undeclared(1)), MessageTypeError),
            (alice.ask(peer / "store", Undeclared(1)), MessageTypeError),
            (alice.tell(peer / Store, Put(1, bytes(17 << 20))), MessageTooLarge),
            (alice.tell(Peer("0" * 64) / Store, Put(1)), NoRoute),
            (alice.ask(Role("nothing") / Store, Get(1)), NoRoute),
        ):
            error = await outcome_of(sent)
            assert type(error) is wanted, error
        assert await alice.ask(peer / Store, Get(1)) == Got(1, b"x")
        assert_ledgers(alice, bob)


@in_virtual_time
async def test_an_answer_that_is_too_large_or_not_declared_is_an_error_for_the_asker() -> None:
    class Strange(Reactor):
        channel = Channel("strange", messages=(Get, Got), max_message=1000)

        @handles(Get)
        def get(self, message: Get) -> object:
            return bytes(2000) if message.number else object()

    cluster = Cluster()
    alice = cluster.node("alice", peers=("bob",), channels=[Strange.channel])
    bob = cluster.node("bob", reactors=[Strange])
    async with cluster.running(alice, bob):
        to = Peer(bob.node_id) / Strange
        assert type(await outcome_of(alice.ask(to, Get(1)))) is MessageTooLarge
        assert type(await outcome_of(alice.ask(to, Get(0)))) is MessageTypeError


@in_virtual_time
async def test_a_message_whose_fields_do_not_have_their_types_is_refused_and_the_connection_lives() -> None:
    cluster = Cluster()
    alice, bob = two(cluster)
    async with cluster.running(alice, bob):
        to = Peer(bob.node_id) / Store
        with alice.subscribe(DeadLetter) as letters:
            bad = Put("seven")  # type: ignore[arg-type]  # on purpose
            error = await outcome_of(alice.tell(to, bad))
            assert type(error) is MessageTypeError
            assert str(error) == "Put.number holds str, its type is int (channel 'store')"
            letter = await letters.get()
            assert (letter.message, letter.reason) == (bad, "message_type")
        error = await outcome_of(alice.ask(to, Get("seven")))  # type: ignore[arg-type]  # likewise
        assert type(error) is MessageTypeError
        assert lane(alice, bob, "store").failed == {"message_type": 2}
        assert await alice.ask(to, Get(1)) == Got(1, b"x")
        assert not store(bob).put
        assert_ledgers(alice, bob)


@in_virtual_time
async def test_channels_with_other_messages_are_known_at_once_and_the_rest_works() -> None:
    @dataclass(frozen=True)
    class Put2:
        text: str

    class Store2(Reactor):
        channel = Channel("store", messages=(Put2,))

        @handles(Put2)
        def put(self, message: Put2) -> None: ...

    cluster = Cluster()
    alice = cluster.node("alice", peers=("bob",), reactors=[Store2, Other])
    bob = cluster.node("bob", reactors=[Store, Other])
    async with cluster.running(alice, bob):
        assert type(await outcome_of(alice.tell(Peer(bob.node_id) / Store2, Put2("x")))) is SchemaMismatch
        assert type(await outcome_of(bob.ask(Peer(alice.node_id) / Store, Get(1)))) is SchemaMismatch
        assert await alice.ask(Peer(bob.node_id) / Other, Get(1)) == Got(1, b"")


@in_virtual_time
async def test_a_peer_that_goes_fails_every_open_ask_and_tells_dead_letters_what_is_in_doubt() -> None:
    cluster = Cluster()
    alice, bob = two(cluster)
    async with cluster.running(alice, bob):
        to = Peer(bob.node_id) / Store
        store(bob).gate.clear()
        with alice.subscribe(DeadLetter) as letters:
            for number in range(10):
                await alice.tell(to, Put(number))
            for number in range(10, 16):
                await alice.tell(to, Put(number, bytes(8 << 10)))
            asks = [asyncio.ensure_future(awaited(alice.ask(Peer(bob.node_id) / Other, Get(1)))) for _ in range(2)]
            asks += [asyncio.ensure_future(awaited(alice.ask(to, Get(1), timeout=60))) for _ in range(2)]
            await asyncio.sleep(0)
            statistics = lane(alice, bob, "store")
            connection = next(cell for name, cell in alice.bus.actors.by_name.items() if name.startswith("peer-"))
            assert connection.actor is not None
            connection.actor._stream.break_off()  # type: ignore[attr-defined]  # the network's own lever
            results = await asyncio.gather(*asks, return_exceptions=True)
            assert [type(result) for result in results] == [PeerGone] * 4
            lost = [(await letters.get()).message for _ in range(18)]
            assert lost.count(Get(1)) == 2, "the asks that waited for credit"
            assert sorted(m.number for m in lost if isinstance(m, Put)) == list(range(16))
        assert statistics.sent >= 16
        assert type(await outcome_of(alice.tell(to, Put(1)))) in (NoRoute, PeerGone)
        store(bob).gate.set()
