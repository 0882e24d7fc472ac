"""`tell_many` between nodes; and it agrees with single tells, whatever is sent and however little room there is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from clusters import Cluster, assert_ledgers, lane, meet
from virtual_time import eventually, in_real_time, in_virtual_time, outcome_of

from peerbus.actors import (
    EVERYONE,
    LOCAL,
    Account,
    Address,
    Channel,
    DeadLetter,
    DeadlineExceeded,
    MessageTooLarge,
    MessageTypeError,
    NoRoute,
    Peer,
    Reactor,
    Role,
    SendError,
    handles,
)
from peerbus.node import Node


@dataclass(frozen=True)
class Note:
    number: int
    padding: bytes = b""


@dataclass(frozen=True)
class Remark:
    number: int
    text: str = ""


class Notes(Reactor):
    channel = Channel(
        "notes", messages=(Note, Remark), mailbox=64, window=32, window_bytes=20_000, max_message=4_000, timeout=2.0
    )

    def __init__(self) -> None:
        super().__init__()
        self.got: list[tuple[Any, str]] = []
        self.gate = asyncio.Event()
        self.gate.set()

    @handles(Note, Remark)
    async def take(self, note: Note | Remark, sender: Address[Any] | None) -> None:
        await self.gate.wait()
        self.got.append((note, "" if sender is None else sender.reactor))


def reactor_of(node: Node) -> Notes:
    cell = node.bus.cell("notes")
    assert cell is not None
    assert isinstance(cell.actor, Notes)
    return cell.actor


def notes(count: int, size: int = 10) -> list[Note | Remark]:
    return [Note(number, bytes(size)) if number % 3 else Remark(number, "a" * size) for number in range(count)]


def two() -> tuple[Cluster, Node, Node]:
    cluster = Cluster()
    alice = cluster.node("alice", peers=("bob",), reactors=[Notes])
    return cluster, alice, cluster.node("bob", reactors=[Notes], offers={"writer"})


@in_virtual_time
async def test_many_arrive_in_order_and_credit_comes_back_for_all() -> None:
    cluster, alice, bob = two()
    async with cluster.running(alice, bob):
        to = Peer(bob.node_id) / Notes
        for size in (10, 1500, 3900):
            assert await alice.tell_many(to, notes(500, size)) == 500
        assert await alice.tell_many(to, iter(notes(500))) == 500
        assert await alice.tell_many(to, []) == 0
        assert await alice.tell_many(Role("writer") / Notes, notes(100)) == 100
        await alice.tell(to, Note(-1))
        await eventually(lambda: len(reactor_of(bob).got) == 2101)
        expected = [*notes(500), *notes(500, 1500), *notes(500, 3900), *notes(500), *notes(100), Note(-1)]
        assert [note for note, _ in reactor_of(bob).got] == expected
        assert_ledgers(alice, bob)
        assert bob.bus.ledger().arrived["notes"].delivered == 2101


@in_virtual_time
async def test_an_actor_is_the_sender_of_many() -> None:
    cluster, alice, bob = two()

    class Named(Reactor):
        channel = Channel("named", messages=(Note,))

        @handles(Note)
        async def send(self, note: Note) -> int:
            return await self.tell_many(Peer(bob.node_id) / Notes, notes(100))

    async with cluster.running(alice, bob):
        await alice.bus.started(alice.spawn(Named))
        await alice.tell(Peer(bob.node_id) / Notes, Note(-1))
        assert await alice.ask(LOCAL / Named, Note(1), reply=int) == 100
        await eventually(lambda: len(reactor_of(bob).got) == 101)
        assert reactor_of(bob).got[1:] == [(note, "named") for note in notes(100)]


@in_virtual_time
async def test_without_credit_it_waits_in_the_midst_until_its_one_deadline() -> None:
    cluster, alice, bob = two()
    async with cluster.running(alice, bob):
        reactor_of(bob).gate.clear()
        letters = alice.subscribe(DeadLetter)
        begun = alice.bus.loop.time()
        error = await outcome_of(alice.tell_many(Peer(bob.node_id) / Notes, notes(100), timeout=1.0))
        assert isinstance(error, DeadlineExceeded)
        assert error.phase == "credit"
        assert alice.bus.loop.time() - begun == pytest.approx(1.0, abs=0.05)
        accepted = error.accepted
        assert accepted is not None
        assert 32 <= accepted < 100
        assert error.message == notes(100)[accepted]
        sent = lane(alice, bob, "notes")
        assert (sent.sent, sent.failed) == (100, {"deadline_credit": 100 - accepted})
        reactor_of(bob).gate.set()
        await eventually(lambda: len(reactor_of(bob).got) == accepted)
        assert [letter.message for letter in iter(letters.get_nowait, None)] == notes(100)[accepted:]
        assert_ledgers(alice, bob)


@in_virtual_time
async def test_no_more_is_encoded_than_there_is_credit_for() -> None:
    cluster, alice, bob = two()
    drawn = 0

    def made() -> Iterator[Note]:
        nonlocal drawn
        while True:
            drawn += 1
            yield Note(drawn)

    async with cluster.running(alice, bob):
        reactor_of(bob).gate.clear()
        sending = asyncio.ensure_future(alice.tell_many(Peer(bob.node_id) / Notes, made(), timeout=60).coroutine())
        await asyncio.sleep(5.0)
        assert drawn < 100
        sent = lane(alice, bob, "notes")
        assert sent.queued + sent.unconfirmed + sent.waiting <= 33
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        reactor_of(bob).gate.set()
        assert lane(alice, bob, "notes").failed.keys() <= {"cancelled"}


@in_virtual_time
async def test_a_message_that_cannot_travel_stops_it_and_says_where() -> None:
    cluster, alice, bob = two()
    async with cluster.running(alice, bob):
        to = Peer(bob.node_id) / Notes
        for wrong, kind in ((Note("5"), MessageTypeError), (Note(5, bytes(5000)), MessageTooLarge)):  # type: ignore[arg-type]
            messages = [*notes(5), wrong, Note(6)]
            error = await outcome_of(alice.tell_many(to, messages))
            assert isinstance(error, kind)
            assert (error.accepted, error.message) == (5, wrong)
        failed = lane(alice, bob, "notes").failed
        assert failed == {"message_type": 1, "too_large": 1, "not_sent": 2}
        await eventually(lambda: len(reactor_of(bob).got) == 10)


@in_virtual_time
async def test_to_several_each_gets_all_at_its_own_pace() -> None:
    cluster = Cluster()
    others = [cluster.node(name, reactors=[Notes], offers={"writer"}) for name in ("bob", "carol", "dave")]
    alice = cluster.node("alice", peers=("bob", "carol", "dave"), channels=[Notes.channel])
    async with cluster.running(alice, *others):
        await meet(alice, others[0])
        slow = others[1]
        reactor_of(slow).gate.clear()
        results = await alice.tell_many(EVERYONE / Notes, notes(300), timeout=1.0)
        assert results.answers == {node.node_id: 300 for node in others if node is not slow}
        error = results.errors[slow.node_id]
        assert isinstance(error, DeadlineExceeded)
        assert error.accepted is not None
        assert error.accepted < 100
        # Of a generator as fast as the slowest takes them, so that none of it has to be kept.
        results = await alice.tell_many(Role("writer", "all") / Notes, iter(notes(300)), timeout=1.0)
        assert set(results.errors) == {node.node_id for node in others}
        reactor_of(slow).gate.set()
        await asyncio.sleep(1.0)
        results = await alice.tell_many(Role("writer", "all") / Notes, iter(notes(300)))
        assert results.answers == {node.node_id: 300 for node in others}
        await asyncio.sleep(1.0)
        for node in others:
            assert [note for note, _ in reactor_of(node).got][-300:] == notes(300)
        assert_ledgers(alice, *others)


@in_virtual_time
async def test_a_peer_that_goes_in_the_midst_fails_the_rest() -> None:
    cluster, alice, bob = two()
    async with cluster.running(alice, bob):
        reactor_of(bob).gate.clear()
        sending = asyncio.ensure_future(alice.tell_many(Peer(bob.node_id) / Notes, notes(100), timeout=60).coroutine())
        await asyncio.sleep(0.1)
        await bob.aclose()
        error = await outcome_of(sending)
        assert isinstance(error, SendError)
        assert error.accepted is not None
        account = alice.bus.ledger().of("notes")
        assert account.sent == 100
        assert account.balanced
        error = await outcome_of(alice.tell_many(Peer(bob.node_id) / Notes, notes(3)))
        assert isinstance(error, NoRoute)


@in_real_time
async def test_from_another_thread_they_go_as_one() -> None:
    cluster, alice, bob = two()
    async with cluster.running(alice, bob):
        to = Peer(bob.node_id) / Notes

        def send() -> list[int]:
            return [
                alice.tell_many(to, notes(500)).get(timeout=20),
                alice.tell_many(to, iter(notes(500))).get(timeout=20),
                alice.tell_many(EVERYONE / Notes, iter(notes(5))).get(timeout=20)[bob.node_id],
                alice.tell_many(to, []).get(timeout=20),
            ]

        assert await asyncio.to_thread(send) == [500, 500, 5, 0]
        await eventually(lambda: len(reactor_of(bob).got) == 1005)
        assert [note for note, _ in reactor_of(bob).got] == notes(500) * 2 + notes(5)


# It agrees with single tells.


def some(rng: Random) -> list[Any]:
    """Messages of several types and sizes, now and then one that cannot go."""
    wrong: list[Any] = [Note("x"), Note(1, bytes(5000)), "no message"]  # type: ignore[arg-type]  # the mistakes
    return [
        rng.choice(wrong)
        if rng.random() < 0.004
        else Note(number, bytes(rng.choice([0, 10, 900, 3000])))
        if rng.random() < 0.6
        else Remark(number, "a" * rng.choice([0, 10, 900]))
        for number in range(rng.choice([0, 1, 5, 40, 200]))
    ]


async def one_by_one(node: Node, to: Any, messages: list[Any], timeout: float) -> Any:
    """What `tell_many` is: tells, each awaited, within one deadline."""
    until = node.bus.loop.time() + timeout
    for place, message in enumerate(messages):
        error = await outcome_of(node.tell(to, message, timeout=max(0.0, until - node.bus.loop.time())))
        if isinstance(error, SendError):
            return place, error.reason, message, len(messages) - place - 1
    return len(messages)


async def together(node: Node, to: Any, messages: list[Any], timeout: float) -> Any:
    outcome = node.tell_many(to, iter(messages) if len(messages) % 2 else messages, timeout=timeout)
    found = await outcome_of(outcome)
    if isinstance(found, SendError):
        assert found.accepted is not None
        return found.accepted, found.reason, found.message, len(messages) - found.accepted - 1
    return found


async def story(seed: int, send: Any) -> Any:
    """What is seen at both ends of some sends."""
    rng = Random(f"{seed}/many")
    cluster, alice, bob = two()
    seen: list[Any] = []
    async with cluster.running(alice, bob):
        letters = alice.subscribe(DeadLetter)
        for _ in range(6):
            where: Any = rng.choice([LOCAL, Peer(bob.node_id), Role("writer")])
            for node in (alice, bob):
                gate = reactor_of(node).gate
                (gate.clear if rng.random() < 0.3 else gate.set)()
            found = await send(alice, where / Notes, some(rng), rng.choice([0.0, 0.5, 2.0]))
            for node in (alice, bob):
                reactor_of(node).gate.set()
            await asyncio.sleep(1.0)
            heard = [(letter.message, letter.reason) for letter in iter(letters.get_nowait, None)]
            if isinstance(found, tuple):
                # Those behind in a list, or drawn: no single tell was made of them.
                heard = heard[:1]
            ends = [[note for note, _ in reactor_of(node).got] for node in (alice, bob)]
            seen.append((found, heard, ends))
        ledgers = [node.bus.ledger() for node in (alice, bob)]
        assert all(ledger.balanced for ledger in ledgers)
        assert_ledgers(alice, bob)
        seen.append(
            [
                (account.delivered, account.pending, account.dropped, sorted(account.failed))
                for ledger in ledgers
                for side in (ledger.local, ledger.remote, ledger.arrived)
                for account in (side.get("notes", Account()),)
            ]
        )
    return seen


@pytest.mark.parametrize("seed", range(24))
def test_many_at_once_are_as_many_single_ones(seed: int) -> None:
    stories: list[Any] = []

    @in_virtual_time
    async def both() -> None:
        for send in (one_by_one, together):
            stories.append(await story(seed, send))

    both()
    single, many = stories
    for one, other in zip(single[:-1], many[:-1], strict=True):
        assert one == other
    for one, other in zip(single[-1], many[-1], strict=True):
        assert one[:3] == other[:3]
        assert set(one[3]) | {"not_sent"} == set(other[3]) | {"not_sent"}
