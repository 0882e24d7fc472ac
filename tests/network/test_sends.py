"""Tells and asks between nodes: every send has an outcome."""

from __future__ import annotations

import asyncio
import gc
from dataclasses import dataclass
from functools import partial

import pytest
from clusters import Cluster, assert_ledgers, lane
from virtual_time import eventually, in_virtual_time, outcome_of

from peerbus.actors import (
    EVERYONE,
    LOCAL,
    Address,
    Channel,
    DeadLetter,
    DeadlineExceeded,
    MailboxFull,
    MessageTooLarge,
    MessageTypeError,
    NoRoute,
    NoSuchReactor,
    Overflow,
    Peer,
    PeerGone,
    Reactor,
    RemoteError,
    Role,
    SchemaMismatch,
    handles,
)
from peerbus.node import Node


@dataclass(frozen=True)
class Put:
    number: int
    data: bytes = b""


@dataclass(frozen=True)
class Get:
    number: int


@dataclass(frozen=True)
class Got:
    number: int
    data: bytes


@dataclass(frozen=True)
class Hang:
    number: int


@dataclass(frozen=True)
class Refuse:
    code: str


class Store(Reactor):
    """Keeps what it is told, and answers; while `gate` is shut its handlers wait."""

    channel = Channel(
        "store", messages=(Put, Get, Got, Hang, Refuse), window=16, window_bytes=64 << 10, max_message=16 << 20
    )

    def __init__(self) -> None:
        super().__init__()
        self.put: list[Put] = []
        self.senders: list[Address[object] | None] = []
        self.cancelled: list[int] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.holding = False

    @handles(Put)
    async def keep(self, message: Put, sender: Address[object] | None) -> None:
        if not self.gate.is_set():
            self.holding = True
            await self.gate.wait()
        self.put.append(message)
        self.senders.append(sender)

    @handles(Get)
    def get(self, message: Get) -> Got:
        return Got(message.number, b"x" * message.number)

    @handles(Hang, reentrant=True)
    async def hang(self, message: Hang) -> int:
        try:
            await asyncio.sleep(message.number)
        except asyncio.CancelledError:
            self.cancelled.append(message.number)
            raise
        return message.number

    @handles(Refuse)
    def refuse(self, message: Refuse) -> None:
        if message.code == "bug":
            raise ValueError("a defect")
        raise RemoteError(message.code, "on purpose")


class Other(Reactor):
    """A second channel, to see that it is not disturbed."""

    channel = Channel("other", messages=(Get, Got))

    @handles(Get)
    def get(self, message: Get) -> Got:
        return Got(message.number, b"")


def store(node: Node) -> Store:
    cell = node.bus.cell("store")
    assert cell is not None
    assert isinstance(cell.actor, Store)
    return cell.actor


def two(cluster: Cluster) -> tuple[Node, Node]:
    return (
        cluster.node("alice", peers=("bob",), reactors=[Store, Other]),
        cluster.node("bob", reactors=[Store, Other]),
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
        asks = [asyncio.ensure_future(_awaited(alice.ask(Peer(bob.node_id) / Store, Get(1)))) for _ in range(3)]
        await asyncio.sleep(0.1)
        assert link.load("store").in_flight == idle.in_flight + 3
        for ask in asks:
            ask.cancel()
        await asyncio.gather(*asks, return_exceptions=True)
        assert link.load("store") == idle
        assert lane(alice, bob, "store").failed == {"cancelled": 3}
        assert_ledgers(alice)


async def _awaited(outcome: object) -> object:
    return await outcome  # type: ignore[misc]  # whatever a send returned


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
            asks = [asyncio.ensure_future(_awaited(alice.ask(Peer(bob.node_id) / Other, Get(1)))) for _ in range(2)]
            asks += [asyncio.ensure_future(_awaited(alice.ask(to, Get(1), timeout=60))) for _ in range(2)]
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
        asks = [asyncio.ensure_future(_awaited(alice.ask(to, Put(number)))) for number in range(4)]
        results = await asyncio.gather(*asks, return_exceptions=True)
        # One is handled only after the batch was delivered, so one place for four.
        assert [type(result) for result in results].count(MailboxFull) >= 2
        assert any(isinstance(result, int) for result in results)


@in_virtual_time
async def test_everyone_without_a_peer_is_an_empty_result() -> None:
    cluster = Cluster()
    alice = cluster.node("alice", reactors=[Store])
    async with cluster.running(alice):
        assert len(await alice.tell(EVERYONE / Store, Put(1))) == 0
        assert len(await alice.ask(Role("x", pick="all") / Store, Get(1))) == 0
