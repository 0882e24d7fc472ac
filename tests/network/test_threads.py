"""Reactors on threads of their own, asked by peers: the same promises as on the loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import pytest
from clusters import Cluster, assert_ledgers
from virtual_time import eventually, in_real_time, outcome_of

from peerbus.actors import Channel, MailboxFull, Overflow, Peer, Reactor, RemoteError, handles


@dataclass(frozen=True)
class Note:
    number: int


@in_real_time
async def test_a_reactor_on_a_thread_takes_tells_in_order_and_answers() -> None:
    kept: list[int] = []
    threads: set[int] = set()

    class Worker(Reactor):
        dispatcher: ClassVar[Literal["loop", "thread"] | None] = "thread"
        channel = Channel("worker", messages=(Note,), mailbox=8, window=64)

        @handles(Note)
        def take(self, message: Note) -> int:
            kept.append(message.number)
            threads.add(threading.get_ident())
            if message.number == 500:
                raise RemoteError("enough")
            return message.number

    cluster = Cluster()
    alice = cluster.node("alice", peers=("bob",), channels=[Worker.channel])
    bob = cluster.node("bob", reactors=[Worker])
    async with cluster.running(alice, bob):
        to = Peer(bob.node_id) / Worker
        for number in range(500):
            await alice.tell(to, Note(number))
        error = await outcome_of(alice.ask(to, Note(500)))
        assert isinstance(error, RemoteError)
        assert error.code == "enough"
        assert kept == list(range(501))
        assert await asyncio.gather(*(outcome_of(alice.ask(to, Note(n))) for n in range(100))) == list(range(100))
        assert threading.get_ident() not in threads
        assert_ledgers(alice, bob)


@pytest.mark.parametrize("overflow", [Overflow.WAIT, Overflow.REJECT, Overflow.DROP_NEWEST])
@in_real_time
async def test_a_full_mailbox_of_a_thread_does_what_its_policy_says(overflow: Overflow) -> None:
    gate = threading.Event()

    class Worker(Reactor):
        dispatcher: ClassVar[Literal["loop", "thread"] | None] = "thread"
        channel = Channel("worker", messages=(Note,), mailbox=2, window=64, overflow=overflow)

        @handles(Note)
        def take(self, message: Note) -> int:
            gate.wait()
            return message.number

    cluster = Cluster()
    alice = cluster.node("alice", peers=("bob",), channels=[Worker.channel])
    bob = cluster.node("bob", reactors=[Worker])
    async with cluster.running(alice, bob):
        try:
            to = Peer(bob.node_id) / Worker
            asks = [asyncio.ensure_future(outcome_of(alice.ask(to, Note(number)))) for number in range(10)]
            if overflow is not Overflow.WAIT:
                await eventually(_done(asks, 6))
        finally:
            gate.set()
        results = await asyncio.gather(*asks)
        answered = [result for result in results if isinstance(result, int)]
        if overflow is Overflow.WAIT:
            assert answered == list(range(10))
        else:
            assert answered[0] == 0
            assert 1 <= len(answered) <= 4
            refused = [result for result in results if not isinstance(result, int)]
            assert all(isinstance(error, MailboxFull | RemoteError) for error in refused), refused
        assert_ledgers(alice)


def _done(asks: Sequence[asyncio.Future[object]], number: int) -> Callable[[], bool]:
    return lambda: sum(ask.done() for ask in asks) >= number
