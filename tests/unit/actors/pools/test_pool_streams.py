"""Streams of a pool: which member answers them, how many at a time, and what becomes of those that wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
from pool_work import WHERE, eventually

from peerbus.actors import (
    LOCAL,
    ActorStopped,
    Bus,
    Channel,
    DeadlineExceeded,
    Key,
    Message,
    MessageTypeError,
    Pool,
    PoolView,
    Reactor,
    RemoteError,
    Request,
    ResizePool,
    Stream,
    handles,
)


class Read(Message, Request[Stream[str]]):
    """Answered with who answers, and then with nothing, as far as its reader has room, until the gate is open."""

    name: str
    key: str = ""


class Who(Message, Request[str]):
    key: str = ""


class Sum(Message, Request[Stream[int]]):
    """The sums of the numbers that come with it."""


class Total(Message, Request[int]):
    """The sum of all of them."""


class Gates:
    """What generators and their readers wait for, and who runs."""

    def __init__(self) -> None:
        self.open: set[str] = set()
        self.opened = asyncio.Event()
        self.running: list[tuple[str, str]] = []
        self.ended: list[str] = []

    def free(self, name: str) -> None:
        """Let that stream end; `all`: each."""
        self.open.add(name)
        self.opened.set()
        self.opened = asyncio.Event()

    def holds(self, name: str) -> bool:
        return not self.open & {name, "all"}


class Reader(Reactor):
    channel = Channel("read", messages=(Read, Who, Sum, Total), timeout=10)

    def __init__(self, gates: Gates) -> None:
        super().__init__()
        self.gates = gates

    @handles(Read)
    async def read(self, message: Read) -> AsyncIterator[str]:
        at = message.name, str(self)
        self.gates.running.append(at)
        try:
            yield str(self)
            while self.gates.holds(message.name):
                yield ""
        finally:
            self.gates.running.remove(at)
            self.gates.ended.append(message.name)

    @handles(Who)
    def who(self, _: Who) -> str:
        return str(self)

    @handles(Sum)
    async def sums(self, _: Sum, numbers: AsyncIterator[int]) -> AsyncIterator[int]:
        total = 0
        async for number in numbers:
            total += number
            yield total

    @handles(Total, reentrant=True)
    async def total(self, _: Total, numbers: AsyncIterator[int]) -> int:
        return sum([number async for number in numbers])


def by_key(message: Any) -> Any:
    return Key(message.key) if getattr(message, "key", "") else "least"


def readers(where: str, gates: Gates, count: int = 2, **said: Any) -> Bus:
    said[where] = count
    return Bus(reactors=[Pool(partial(Reader, gates), **said)])


def view(bus: Bus) -> PoolView:
    return bus.actors.pools["read"]()


def reading(bus: Bus, gates: Gates, name: str, key: str = "") -> asyncio.Task[list[str]]:
    async def run() -> list[str]:
        stream = bus.stream(LOCAL / Reader, Read(name, key), idle=60)
        who = await anext(stream)
        while gates.holds(name):
            await gates.opened.wait()
        return [who, *[each async for each in stream if each]]

    return asyncio.create_task(run())


@pytest.mark.parametrize("where", WHERE)
async def test_each_member_answers_so_many_at_a_time_and_the_next_one_waits_for_a_place(where: str) -> None:
    gates = Gates()
    async with readers(where, gates, streams=1) as bus:
        first = [reading(bus, gates, name) for name in "ab"]
        await eventually(lambda: len(gates.running) == 2)
        assert {member for _, member in gates.running} == {"read.1", "read.2"}, "an open stream is load"
        waiting = [reading(bus, gates, name) for name in "cd"]
        await eventually(lambda: view(bus).streams_waiting == 2)
        assert [each.streams for each in view(bus).members] == [1, 1]
        assert bus.ledger().local["read"].pending == 2
        with pytest.raises(DeadlineExceeded) as late:
            await anext(bus.stream(LOCAL / Reader, Read("late"), idle=0.01))
        assert (late.value.phase, late.value.items) == ("streams", 0)
        assert await bus.ask(LOCAL / Reader, Who()) in {"read.1", "read.2"}, "asks do not wait behind it"
        gates.free("a")
        await first[0]
        await eventually(lambda: len(gates.running) == 2 and view(bus).streams_waiting == 1)
        gates.free("all")
        await asyncio.gather(*first, *waiting)
        assert gates.ended.index("c") < gates.ended.index("d") or where == "threads"
        await eventually(lambda: not any(each.streams for each in view(bus).members))
    ledger = bus.ledger()
    assert ledger.balanced
    assert ledger.local["read"].failed == {"deadline_streams": 1}
    assert ledger.items["read"].pending == 0


@pytest.mark.parametrize("where", WHERE)
async def test_what_has_a_key_waits_for_its_member_and_holds_up_no_other_key(where: str) -> None:
    gates = Gates()
    async with readers(where, gates, 3, streams=1, pick=by_key) as bus:
        owner = {key: await bus.ask(LOCAL / Reader, Who(key)) for key in map(str, range(20))}
        one = "0"
        same = next(key for key in owner if key != one and owner[key] == owner[one])
        other = next(key for key in owner if owner[key] != owner[one])
        open_ = [reading(bus, gates, "a", one)]
        await eventually(lambda: gates.running)
        open_ += [reading(bus, gates, "b", one), reading(bus, gates, "c", same), reading(bus, gates, "d", one)]
        await eventually(lambda: view(bus).streams_waiting == 3)
        assert await asyncio.wait_for(anext(bus.stream(LOCAL / Reader, Read("x", other))), 5) == owner[other]
        assert await bus.ask(LOCAL / Reader, Who(one)) == owner[one], "nor any message of its own"
        gates.free("all")
        assert {tuple(each) for each in await asyncio.gather(*open_)} == {(owner[one],)}
        assert [each for each in gates.ended if each in "abcd"] == ["a", "b", "c", "d"]
    assert bus.ledger().balanced


async def test_who_goes_away_while_it_waits_leaves_the_queue_and_nothing_else() -> None:
    gates = Gates()
    async with readers("members", gates, 1, streams=1) as bus:
        held = reading(bus, gates, "held")
        await eventually(lambda: gates.running)
        many = [reading(bus, gates, str(n)) for n in range(1_000)]
        await eventually(lambda: view(bus).streams_waiting == 1_000)
        for each in many:
            each.cancel()
        await asyncio.gather(*many, return_exceptions=True)
        assert view(bus).streams_waiting == 0
        gates.free("all")
        assert await held == ["read.1"]
        assert await reading(bus, gates, "next") == ["read.1"]
        assert gates.ended == ["held", "next"], "none of these has begun"
    account = bus.ledger().local["read"]
    assert account.balanced
    assert account.failed == {"cancelled": 1_000}


@pytest.mark.parametrize("where", WHERE)
async def test_a_member_that_ends_ends_its_own_streams_and_its_place_is_gone(where: str) -> None:
    gates = Gates()
    async with readers(where, gates, streams=1) as bus:
        open_ = [reading(bus, gates, name) for name in "ab"]
        await eventually(lambda: len(gates.running) == 2)
        waits = reading(bus, gates, "c")
        await eventually(lambda: view(bus).streams_waiting == 1)
        name, victim = gates.running[0]
        bus.actors.by_name[victim].kill("killed")
        gates.free(name)
        lost, kept = open_ if name == "a" else reversed(open_)
        with pytest.raises(ActorStopped) as ended:
            await lost
        assert ended.value.items
        assert not kept.done()
        await eventually(lambda: view(bus).lost == 1)
        assert view(bus).streams_waiting == 1, "what waits is the pool's and no member's"
        await bus.ask(LOCAL / "read", ResizePool(2))
        await eventually(lambda: len(gates.running) == 2)
        gates.free("all")
        assert await waits == ["read.3"]
        assert await kept
    assert bus.ledger().balanced


@pytest.mark.parametrize("where", WHERE)
async def test_a_member_that_leaves_lets_its_streams_finish_and_no_longer_than_a_shutdown_would(where: str) -> None:
    gates = Gates()
    async with readers(where, gates) as bus:
        open_ = [reading(bus, gates, name) for name in "ab"]
        await eventually(lambda: len(gates.running) == 2)
        await bus.ask(LOCAL / "read", ResizePool(1))
        leaving = next(name for name, member in gates.running if member == "read.2")
        for _ in range(50):
            await asyncio.sleep(0)
        assert len(view(bus).members) == 2
        gates.free(leaving)
        assert await open_["ab".index(leaving)] == ["read.2"]
        await eventually(lambda: len(view(bus).members) == 1)
        bus.shutdown_timeout = 0.01
        await bus.ask(LOCAL / "read", ResizePool(2))
        await eventually(lambda: [each.state for each in view(bus).members] == ["running"] * 2)
        late = [reading(bus, gates, name) for name in "cd"]
        await eventually(lambda: len(gates.running) == 3)
        leaving = next(name for name, member in gates.running if member == "read.3")
        await bus.ask(LOCAL / "read", ResizePool(1))
        await eventually(lambda: len(gates.running) == 2)
        gates.free(leaving)
        with pytest.raises(ActorStopped) as cut:
            await late["cd".index(leaving)]
        assert cut.value.items
        bus.shutdown_timeout = 10
        gates.free("all")
        results = await asyncio.gather(*open_, *late, return_exceptions=True)
        assert sum(each == ["read.1"] for each in results) == 2
    assert bus.ledger().balanced


async def test_a_pool_that_ends_refuses_those_that_wait() -> None:
    gates = Gates()
    async with readers("members", gates, 1, streams=1) as bus:
        held = reading(bus, gates, "held")
        await eventually(lambda: gates.running)
        waits = reading(bus, gates, "waits")
        await eventually(lambda: view(bus).streams_waiting == 1)
        bus.actors.by_name["read"].kill("killed")
        await eventually(lambda: "read" not in bus.actors.by_name)
        gates.free("all")
        for each in (held, waits):
            with pytest.raises(ActorStopped):
                await each
    assert bus.ledger().balanced


async def test_items_go_to_a_member_and_streams_and_messages_have_turns() -> None:
    gates = Gates()
    async with readers("members", gates, 2, prefetch=0) as bus:
        async with bus.open(LOCAL / Reader, Sum()) as talk:
            for number in (1, 2, 3):
                await talk.send(number)
            await talk.end()
            assert [each async for each in talk] == [1, 3, 6]
        async with bus.open(LOCAL / Reader, Total()) as talk:
            await talk.send(4)
            assert await talk.result() == 4
        gates.free("all")
        asks = [bus.ask(LOCAL / Reader, Who()) for _ in range(100)]
        streams = [reading(bus, gates, str(n)) for n in range(100)]
        assert set(await asyncio.gather(*asks)) == {"read.1", "read.2"}
        assert {tuple(each) for each in await asyncio.gather(*streams)} == {("read.1",), ("read.2",)}
    async with readers("threads", gates, 2) as bus:
        with pytest.raises(MessageTypeError, match="takes no items"):
            await bus.open(LOCAL / Reader, Total()).result()
    async with readers("members", gates, 2, pick="all") as bus:
        with pytest.raises(MessageTypeError, match="comes of one member"):
            await anext(bus.stream(LOCAL / Reader, Read("a")))
    assert bus.ledger().balanced


async def test_an_error_and_an_answer_that_is_no_stream_end_it_and_give_the_place_back() -> None:
    class Odd(Reactor):
        channel = Channel("odd", messages=(Read, Who))

        @handles(Read)
        async def read(self, message: Read) -> AsyncIterator[str]:
            yield "one"
            raise ValueError("no more")

        @handles(Who)
        def who(self, _: Who) -> str:
            return "me"

    async with Bus(reactors=[Pool(Odd, members=1, streams=1)]) as bus:
        for _ in range(3):
            with pytest.raises(RemoteError, match="no more"):
                assert not [each async for each in bus.stream(LOCAL / Odd, Read("a"))]
            with pytest.raises(MessageTypeError, match="no stream"):
                await anext(bus.stream(LOCAL / Odd, Who()))  # type: ignore[call-overload]  # what it is about
        assert bus.actors.pools["odd"]().members[0].streams == 0
