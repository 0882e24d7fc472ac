"""Sends to a pool: who gets which message, in which order, and what becomes of it."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from functools import partial
from typing import Any

import pytest
from pool_work import WHERE, Flush, Slow, Work, Worker, by_key, pool, spun

from peerbus.actors import (
    LOCAL,
    Bus,
    Channel,
    DeadlineExceeded,
    MailboxFull,
    Message,
    Overflow,
    Pool,
    Reactor,
    RemoteError,
    Request,
    ResizePool,
    WouldDeadlock,
    handles,
)


@pytest.mark.parametrize("where", WHERE)
async def test_asks_tells_and_many_tells_reach_the_members_and_the_ledger_says_so(where: str) -> None:
    book: list[tuple[str, object]] = []
    async with Bus(reactors=[pool(where, 3, book)]) as bus:
        answers = await asyncio.gather(*(bus.ask(LOCAL / Worker, Work(n)) for n in range(6)))
        assert set(answers) <= {"work.1", "work.2", "work.3"}
        await bus.tell(LOCAL / Worker, Work(6))
        assert await bus.tell_many(LOCAL / Worker, (Work(n) for n in range(7, 40))) == 33
        ref: Any = bus.actors.by_name["work"].ref
        await bus.tell(ref, Work(40))
        await bus.ask(ref, Work(41))
    assert sorted(number for _, number in book) == list(range(42))  # type: ignore[type-var]
    account = bus.ledger().local["work"]
    assert (account.sent, account.delivered, account.pending) == (42, 42, 0)
    assert account.balanced


async def test_the_least_loaded_member_gets_it_and_equals_by_turns() -> None:
    book: list[tuple[str, object]] = []
    go = asyncio.Event()
    async with Bus(reactors=[Pool(partial(Slow, book, go), members=3)]) as bus:
        asks = [bus.ask(LOCAL / Slow, Work(n)) for n in range(3)]
        await spun(lambda: len(book) == 3)
        assert {who for who, _ in book} == {"work.1", "work.2", "work.3"}, "one each, while all had nothing to do"
        direct = [bus.ask(LOCAL / "work.1", Work(9)), bus.ask(LOCAL / "work.2", Work(9))]
        more = bus.ask(LOCAL / Slow, Work(3))
        go.set()
        assert await more == "work.3", "the others have one in their mailboxes"
        await asyncio.gather(*asks, *direct)


@pytest.mark.parametrize("where", WHERE)
async def test_what_has_one_key_goes_to_one_member_in_order_and_keys_are_spread(where: str) -> None:
    book: list[tuple[str, object]] = []
    async with Bus(reactors=[pool(where, 3, book, pick=by_key)]) as bus:
        for n in range(60):
            await bus.tell(LOCAL / Worker, Work(n, str(n % 6)))
    owners: dict[int, set[str]] = {}
    for who, number in book:
        assert isinstance(number, int)
        owners.setdefault(number % 6, set()).add(who)
    assert all(len(each) == 1 for each in owners.values())
    assert len(set.union(*owners.values())) > 1
    for key in range(6):
        own = [number for _, number in book if isinstance(number, int) and number % 6 == key]
        assert own == sorted(own)


async def test_full_members_make_the_sender_wait_and_a_policy_of_the_channel_holds() -> None:
    book: list[tuple[str, object]] = []
    go = asyncio.Event()
    async with Bus(reactors=[Pool(partial(Slow, book, go), members=2)]) as bus:
        for n in range(8):  # one at work and one at hand for each member, four in the pool's mailbox
            await bus.tell(LOCAL / Slow, Work(n), timeout=0)
            await spun(lambda n=n: len(book) == min(n + 1, 2))  # type: ignore[misc]
        with pytest.raises(DeadlineExceeded) as full:
            await bus.tell(LOCAL / Slow, Work(10), timeout=0.01)
        assert full.value.phase == "mailbox"
        waits = asyncio.ensure_future(bus.tell(LOCAL / Slow, Work(11)))
        await asyncio.sleep(0)
        assert not waits.done()
        go.set()
        await waits

    class Strict(Worker):
        channel = Channel("work", messages=(Work, Flush), mailbox=1, overflow=Overflow.REJECT)

    async with Bus(reactors=[Pool(Strict, members=2)]) as bus:
        outcomes = [bus.tell(LOCAL / Strict, Work(n)) for n in range(4)]
        await outcomes[2]
        with pytest.raises(MailboxFull):
            await outcomes[3]


async def test_a_member_may_ask_its_pool_and_one_that_is_alone_is_told_that_it_asks_itself() -> None:
    class Split(Message, Request[int]):
        number: int

    class Half(Reactor):
        channel = Channel("half", messages=(Split,))

        @handles(Split)
        async def split(self, message: Split) -> int:
            if message.number <= 1:
                return message.number
            return await self.ask(LOCAL / Half, Split(message.number - 1)) + 1

    async with Bus(reactors=[Pool(Half, members=4)]) as bus:
        assert await bus.ask(LOCAL / Half, Split(4)) == 4
        await bus.ask(LOCAL / "half", ResizePool(1))
        with pytest.raises(RemoteError) as itself:
            await bus.ask(LOCAL / Half, Split(2), timeout=20)
        assert isinstance(itself.value.__cause__, WouldDeadlock)


def test_plain_threads_send_to_a_pool_in_order() -> None:
    book: list[tuple[str, object]] = []
    with Bus(reactors=[pool("members", 3, book, pick=by_key)]) as bus:

        def send(key: int) -> None:
            for n in range(50):
                bus.tell(LOCAL / Worker, Work(1000 * key + n, str(key))).get(timeout=5)
                if not n % 10:
                    assert bus.ask(LOCAL / Worker, Flush()).get(timeout=5)

        threads = [threading.Thread(target=send, args=(key,)) for key in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
        ref: Any = bus.actors.by_name["work"].ref
        assert ref.ask(Work(9_999, "x"), timeout=5) in {"work.1", "work.2", "work.3"}
    counts = Counter(what for _, what in book)
    assert counts["flush"] == 3 * 4 * 5
    for key in range(4):
        own = [n for _, n in book if isinstance(n, int) and n // 1000 == key]
        assert own == sorted(own)
        assert len(own) == 50


@pytest.mark.parametrize("prefetch", [0, 1, 16])
async def test_what_a_member_asks_its_own_pool_is_behind_nobody(prefetch: int) -> None:
    class Nest(Message, Request[str]):
        """Handled by asking the pool once more, that often; the last one answers with who it is."""

        more: int

    class Nests(Reactor):
        channel = Channel("nests", messages=(Nest,))

        @handles(Nest)
        async def nest(self, message: Nest) -> str:
            if message.more:
                return await self.ask(LOCAL / "nests", Nest(message.more - 1), timeout=60)
            await asyncio.sleep(1.0)
            return str(self)

    async with Bus(reactors=[Pool(Nests, members=3, prefetch=prefetch)]) as bus:
        # One more than is at work waits for whichever is free, and two may always wait for the third.
        asks = [bus.ask(LOCAL / Nests, Nest(more), timeout=60) for more in (0, 1, 1, 0, 0, 0)]
        assert set(await asyncio.gather(*asks)) <= {"nests.1", "nests.2", "nests.3"}
        assert bus.ledger().balanced
