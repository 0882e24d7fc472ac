"""What cannot go to a member at once: it waits in the pool's own mailbox, and is handed on in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
from pool_work import PICKS, WHERE, Flush, Other, Slow, Work, Worker, by_key, pool, spun

from peerbus.actors import (
    LOCAL,
    Actor,
    Bus,
    Channel,
    DeadLetter,
    DeadlineExceeded,
    Deadlock,
    Message,
    MessageTypeError,
    Outcome,
    Pool,
    Reactor,
    RemoteError,
    Request,
    Stream,
    handles,
)


@pytest.mark.parametrize("where", WHERE)
async def test_what_all_get_comes_between_what_was_sent_before_and_after_it(where: str) -> None:
    book: list[tuple[str, object]] = []
    async with Bus(reactors=[pool(where, 3, book, pick=by_key)]) as bus:
        for n in range(8):
            await bus.tell(LOCAL / Worker, Work(n, str(n)))
        await bus.tell(LOCAL / Worker, Flush())
        for n in range(8, 16):
            await bus.tell(LOCAL / Worker, Work(n, str(n)))
    for member in ("work.1", "work.2", "work.3"):
        own = [what for who, what in book if who == member]
        assert own.count("flush") == 1
        place = own.index("flush")
        assert all(isinstance(n, int) and n < 8 for n in own[:place])
        assert all(isinstance(n, int) and n >= 8 for n in own[place + 1 :])
    account = bus.ledger().local["work"]
    assert (account.sent, account.delivered) == (19, 19), "what three get is sent three times"


@pytest.mark.parametrize("where", WHERE)
async def test_an_ask_of_all_is_answered_with_what_is_made_of_their_answers(where: str) -> None:
    async with Bus(reactors=[pool(where, 3, pick=by_key, combine=sum)]) as bus:
        for n in range(5):
            await bus.ask(LOCAL / Worker, Work(n, str(n)))
        assert await bus.ask(LOCAL / Worker, Flush()) == 5 + 3
    async with Bus(reactors=[pool(where, 2, pick="all")]) as bus:
        assert await bus.ask(LOCAL / Worker, Work(1)) == "work.1", "where nothing is said, of the first one"


async def test_an_ask_of_all_that_one_cannot_answer_fails_and_the_others_are_ended() -> None:
    class Picky(Actor):
        began = 0
        ended = 0

        @handles(str)
        async def work(self, _: str) -> None:
            if str(self) == "picky.2":
                await asyncio.sleep(0)
                raise KeyError("not I")
            Picky.began += 1
            try:
                await asyncio.Event().wait()
            finally:
                Picky.ended += 1

    async with Bus() as bus:
        ref = bus.spawn(Pool(Picky, members=3, pick="all"), name="picky")
        with pytest.raises(RemoteError, match="not I"):
            await bus.ask(ref, "work")
        await spun(lambda: Picky.ended == Picky.began == 2)


async def test_a_failing_function_that_combines_fails_the_ask() -> None:
    def wrong(answers: object) -> object:
        raise ArithmeticError("no sum")

    async with Bus(reactors=[pool("members", 2, pick="all", combine=wrong)]) as bus:
        with pytest.raises(RemoteError, match="no sum"):
            await bus.ask(LOCAL / Worker, Flush())


async def test_who_goes_away_ends_the_work_and_what_takes_too_long_says_in_which_phase() -> None:
    book: list[tuple[str, object]] = []
    go = asyncio.Event()
    for pick in PICKS:
        async with Bus(reactors=[Pool(partial(Slow, book, go), members=2, pick=pick)]) as bus:
            asked = asyncio.ensure_future(bus.ask(LOCAL / Slow, Work(1)))
            await spun(lambda: book)
            asked.cancel()
            with pytest.raises(DeadlineExceeded) as late:
                await bus.ask(LOCAL / Slow, Work(2), timeout=0.01)
            assert late.value.phase == "handler"
            await spun(lambda: all(not each.at_work for each in bus.actors.pools["work"]().members))
            book.clear()


async def test_what_all_get_waits_for_the_one_that_has_no_room_and_the_rest_behind_it() -> None:
    book: list[tuple[str, object]] = []
    go = asyncio.Event()
    async with Bus(reactors=[Pool(partial(Slow, book, go), members=2, pick=by_key)]) as bus:
        for n in range(5):  # one at work, four in the mailbox: full
            await bus.tell(LOCAL / "work.1", Work(n))
            await asyncio.sleep(0)
        flushed = bus.ask(LOCAL / Slow, Flush())
        behind = [bus.ask(LOCAL / Slow, Work(10 + n, str(n))) for n in range(3)]
        for _ in range(20):
            await asyncio.sleep(0)
        assert bus.actors.pools["work"]().held == 3
        assert not any(number == 10 for _, number in book)
        go.set()
        assert await flushed == 1
        await asyncio.gather(*behind)
        at = {who: [what for whose, what in book if whose == who] for who, _ in book}
        assert all(own.index("flush") < own.index(n) for own in at.values() for n in (10, 11, 12) if n in own)


async def test_a_message_for_which_the_function_has_no_pick_fails_and_says_why() -> None:
    def pick(message: object) -> Any:
        if isinstance(message, Work) and message.number < 0:
            raise LookupError("no such job")
        return "anything" if isinstance(message, Flush) else "least"

    async with Bus(reactors=[pool("members", 2, pick=pick)]) as bus:
        with bus.subscribe(DeadLetter) as letters:
            with pytest.raises(MessageTypeError, match=r"pick failed.*no such job"):
                await bus.ask(LOCAL / Worker, Work(-1))
            with pytest.raises(MessageTypeError, match="'anything' is no pick"):
                await bus.ask(LOCAL / Worker, Flush())
            await bus.tell(LOCAL / Worker, Work(-2))
            assert (await letters.get()).reason == "message_type"
        with pytest.raises(MessageTypeError):
            await bus.tell(LOCAL / "work", Other())
        assert await bus.ask(LOCAL / Worker, Work(1)) in ("work.1", "work.2")
    assert bus.ledger().local["work"].balanced


async def test_a_circle_through_a_pool_is_found() -> None:
    class Go(Message, Request[int]):
        """On to the other one."""

    class Left(Reactor):
        channel = Channel("left", messages=(Go,))

        @handles(Go)
        async def go(self, _: Go) -> int:
            return await self.ask(LOCAL / "right", Go(), timeout=60)

    class Right(Reactor):
        channel = Channel("right", messages=(Go,))

        @handles(Go)
        async def go(self, _: Go) -> int:
            return await self.ask(LOCAL / "left", Go(), timeout=60)

    for pick in PICKS:
        async with Bus(reactors=[Pool(Left, members=1, pick=pick), Right]) as bus:
            with pytest.raises(RemoteError) as circle:
                await bus.ask(LOCAL / Left, Go(), timeout=60)
            cause: BaseException | None = circle.value
            while cause is not None and not isinstance(cause, Deadlock):
                cause = cause.__cause__
            assert cause is not None
            assert "right" in str(cause)


@pytest.mark.parametrize("members", [1, 2, 3])
async def test_members_that_all_wait_for_their_own_pool_are_found(members: int) -> None:
    class Again(Message, Request[int]):
        """Handled by asking the pool once more."""

        more: int

    class Asking(Reactor):
        channel = Channel("asking", messages=(Again,))

        @handles(Again)
        async def again(self, message: Again) -> int:
            return await self.ask(LOCAL / "asking", Again(message.more - 1), timeout=60) if message.more else 0

    async with Bus(reactors=[Pool(Asking, members=members)]) as bus:
        asks = [bus.ask(LOCAL / Asking, Again(1), timeout=60) for _ in range(3 * members)]
        results = await asyncio.gather(*asks, return_exceptions=True)
        ends = {each if isinstance(each, int) else getattr(each, "code", each) for each in results}
        assert ends <= {0, "Deadlock", "WouldDeadlock"}
        assert "Deadlock" in ends
        if members > 1:
            assert 0 in ends, "of a circle one wait fails, and the others go on"
        assert bus.ledger().balanced


@pytest.mark.parametrize("order", [("go", "hold"), ("hold", "go")])
async def test_what_lies_behind_a_member_that_waits_for_it_goes_to_one_that_will_be_free(
    order: tuple[str, ...],
) -> None:
    class Job(Message, Request[str]):
        what: str

    class Third(Reactor):
        channel = Channel("third", messages=(Job,))

        @handles(Job)
        async def go(self, _: Job) -> str:
            return await self.ask(LOCAL / "jobs", Job("leaf"), timeout=60)

    free, at_work = asyncio.Event(), asyncio.Semaphore(0)

    class Jobs(Reactor):
        channel = Channel("jobs", messages=(Job,))

        @handles(Job)
        async def job(self, job: Job) -> str:
            at_work.release()
            if job.what == "go":
                return await self.ask(LOCAL / Third, Job("third"), timeout=60)
            if job.what == "hold":
                await free.wait()
            return f"{job.what} at {self}"

    async with Bus(reactors=[Pool(Jobs, members=2), Third]) as bus:
        asks = {what: asyncio.ensure_future(_awaited(bus.ask(LOCAL / Jobs, Job(what), timeout=60))) for what in order}
        for _ in order:
            await at_work.acquire()
        await asyncio.sleep(5)  # time enough to look for circles
        free.set()
        held = await asks["hold"]
        assert await asks["go"] == held.replace("hold", "leaf"), "the one that was free has done it"
        account = bus.ledger().local["jobs"]
        assert (account.sent, account.delivered) == (3, 3)


async def _awaited(outcome: Outcome[str]) -> str:
    return await outcome


class Count(Message, Request[Stream[int]]):
    to: int


class Counter(Reactor):
    channel = Channel("count", messages=(Count, Work), mailbox=8)

    @handles(Count)
    async def count(self, message: Count) -> AsyncIterator[int]:
        for number in range(message.to):
            yield number

    @handles(Work)
    async def work(self, _: Work) -> str:
        await asyncio.sleep(0.01)
        return str(self)


async def test_streams_come_from_a_member_also_where_they_waited_for_one() -> None:
    async with Bus(reactors=[Pool(Counter, members=2, prefetch=0)]) as bus:
        assert [n async for n in bus.stream(LOCAL / Counter, Count(3))] == [0, 1, 2]
        busy = [bus.ask(LOCAL / Counter, Work(n)) for n in range(4)]
        await asyncio.sleep(0)
        assert [n async for n in bus.stream(LOCAL / Counter, Count(4))] == [0, 1, 2, 3]
        await asyncio.gather(*busy)
    async with Bus(reactors=[Pool(Counter, members=2, pick="all")]) as bus:
        with pytest.raises(MessageTypeError, match="comes of one member"):
            assert [n async for n in bus.stream(LOCAL / Counter, Count(3))]
    assert bus.ledger().balanced
