"""Pools as peers see them: one address, credit, order, accounts, on a network in trouble too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest

from peerbus.actors import (
    LOCAL,
    ActorTerminated,
    Address,
    Channel,
    DeadlineExceeded,
    Key,
    Message,
    MessageTypeError,
    Peer,
    Pool,
    Reactor,
    Request,
    ResizePool,
    Role,
    SendError,
    Stream,
    Supervision,
    handles,
)
from peerbus.node import Node
from peerbus.testing import Simulation, Uniform

#: Enough for a change to be tried on; `make soak` takes thousands.
seeds = pytest.mark.seeds(20)


class Work(Message, Request[str]):
    number: int
    key: str = ""


class Read(Message, Request[Stream[int]]):
    number: int
    key: str
    count: int


class Flush(Message, Request[int]):
    """All members get it."""


class Break(Message):
    """Its handler fails."""


class Worker(Reactor):
    channel = Channel(
        "work", messages=(Work, Flush, Break, Read), window=16, mailbox=32, timeout=30, idempotent=(Work,)
    )
    supervision = Supervision(backoff=0.05, budget=2, window=60)

    def __init__(self, book: list[tuple[str, str, str, int]], pace: float = 0.0) -> None:
        super().__init__()
        self.book = book
        self.pace = pace

    @handles(Work)
    async def work(self, message: Work, sender: Address[object] | None) -> str:
        if self.pace:
            await asyncio.sleep(self.pace)
        self.book.append((str(self), str(sender), message.key, message.number))
        return str(self)

    @handles(Flush)
    async def flush(self, _: Flush) -> int:
        self.book.append((str(self), "", "flush", 0))
        return 1

    @handles(Read)
    async def read(self, message: Read) -> AsyncIterator[int]:
        self.book.append((str(self), "", message.key, message.number))
        for number in range(message.count):
            if self.pace:
                await asyncio.sleep(self.pace)
            yield number

    @handles(Break)
    def fail(self, _: Break) -> None:
        raise RuntimeError("broken")


def by_key(message: object) -> Any:
    if isinstance(message, Work) and message.number < 0:
        raise LookupError("no such job")
    return Key(message.key) if isinstance(message, Work | Read) else "all" if isinstance(message, Flush) else "least"


async def two(sim: Simulation, pool: Pool[Worker], **said: Any) -> tuple[Node, Node]:
    """A node with the pool, and one that is connected to it."""
    server = await sim.node("server", discover=False, reactors=[pool], offers={"worker"}, **said)
    client = await sim.node("client", discover=False, peers=["server"], channels=[Worker.channel])
    await sim.until(lambda: client.peers, within=10)
    return server, client


async def test_a_peer_sends_to_a_pool_as_to_a_reactor(sim: Simulation) -> None:
    book: list[tuple[str, str, str, int]] = []
    server, client = await two(sim, Pool(partial(Worker, book), members=3))
    to = Peer(server.node_id) / Worker
    by = await asyncio.gather(*(client.ask(to, Work(n)) for n in range(12)))
    assert set(by) == {"work.1", "work.2", "work.3"}
    await client.tell(to, Work(12))
    assert await client.tell_many(to, [Work(n) for n in range(13, 90)]) == 77
    assert await client.ask(Role("worker") / Worker, Work(90)) in by
    assert await server.ask(Role("worker") / Worker, Work(91)) in by
    assert await server.ask(Role("worker") / Worker, Work(92)) in by
    await sim.until(lambda: len(book) == 93, within=10)
    await sim.run_for(15)
    for node in (server, client):
        assert node.snapshot().ledger.balanced
    local, remote = server.snapshot().ledger.local["work"], client.snapshot().ledger.remote["work"]
    assert (local.sent, local.delivered, local.pending) == (93, 93, 0)
    assert (remote.sent, remote.delivered, remote.pending) == (91, 91, 0)


async def test_a_peer_whose_stream_waits_for_a_place_hears_so_and_waits_as_long_as_one_that_is_here(
    sim: Simulation,
) -> None:
    server, client = await two(sim, Pool(partial(Worker, [], 1.0), members=1, streams=1))
    for reader, to in ((server, LOCAL / Worker), (client, Peer(server.node_id) / Worker)):
        first = reader.stream(to, Read(0, "", 20))
        assert await anext(first) == 0
        for timeout, idle in ((None, 1.5), (1.5, None)):
            with pytest.raises(DeadlineExceeded) as late:
                await anext(reader.stream(to, Read(1, "", 1), timeout=timeout, idle=idle))
            assert (late.value.phase, late.value.items) == ("streams", 0)
        second = asyncio.ensure_future(anext(reader.stream(to, Read(2, "", 1), idle=1.5)))
        await sim.run_for(1.0)
        await first.aclose()
        assert await second == 0, "the time of an item begins with the place"
    for node in (server, client):
        assert node.snapshot().ledger.balanced


async def test_credit_comes_back_as_members_take_messages_and_no_queue_grows(sim: Simulation) -> None:
    book: list[tuple[str, str, str, int]] = []
    server, client = await two(sim, Pool(partial(Worker, book, 1.0), members=2))
    to = Peer(server.node_id) / Worker
    asks = [asyncio.ensure_future(client.ask(to, Work(n))) for n in range(60)]
    await sim.run_for(0.5)
    (pool,) = server.snapshot().pools
    here = pool.held + sum(member.queued + member.at_work for member in pool.members)
    assert here <= 16, "what one peer has here is one window"
    assert pool.oldest == pytest.approx(0.5, abs=0.1)
    with pytest.raises(DeadlineExceeded) as late:
        await client.tell(to, Work(99), timeout=0.5)
    assert late.value.phase == "credit"
    answers = await asyncio.gather(*asks)
    assert set(answers) == {"work.1", "work.2"}
    assert sim.time == pytest.approx(30, abs=2)


async def test_keys_and_what_all_get_hold_for_peers_too(sim: Simulation) -> None:
    book: list[tuple[str, str, str, int]] = []
    server, client = await two(sim, Pool(partial(Worker, book, 0.01), members=3, pick=by_key, combine=sum))
    to = Peer(server.node_id) / Worker
    for n in range(20):
        await client.tell(to, Work(n, str(n % 5)))
    assert await client.ask(to, Flush()) == 3
    await client.tell(to, Flush())
    for n in range(20, 40):
        await client.tell(to, Work(n, str(n % 5)))
    with pytest.raises(MessageTypeError, match="no such job"):
        await client.ask(to, Work(-1))
    await sim.until(lambda: len(book) == 46, within=10)
    for member in ("work.1", "work.2", "work.3"):
        own = [(key, number) for who, _, key, number in book if who == member]
        first = own.index(("flush", 0))
        assert all(number < 20 for _, number in own[:first])
        assert all(number >= 20 for key, number in own[first:] if key != "flush")
    for key in range(5):
        owner = {(who, sent) for who, sent, k, _ in book if k == str(key)}
        assert len(owner) == 1
        numbers = [number for *_, k, number in book if k == str(key)]
        assert numbers == sorted(numbers)
    await sim.run_for(15)
    assert server.snapshot().ledger.balanced
    arrived = server.snapshot().ledger.arrived["work"]
    assert (arrived.sent, arrived.pending) == (43, 0)
    assert client.snapshot().ledger.remote["work"].pending == 0, "all credit came back"


async def test_a_member_that_ends_takes_only_its_own_messages_with_it(sim: Simulation) -> None:
    book: list[tuple[str, str, str, int]] = []
    server, client = await two(sim, Pool(partial(Worker, book, 0.1), members=3))
    to = Peer(server.node_id) / Worker
    with server.subscribe(ActorTerminated) as ends:
        asks = [asyncio.ensure_future(client.ask(to, Work(n))) for n in range(12)]
        await sim.run_for(0.05)
        victim = server.bus.actors.by_name["work.2"]
        victim.kill("killed")
        assert (await ends.get()).actor == "work.2"
    answers = await asyncio.gather(*asks, return_exceptions=True)
    lost = [each for each in answers if isinstance(each, BaseException)]
    assert 1 <= len(lost) <= 2, "the one that it handled, and the one that it had at hand"
    assert all(isinstance(each, SendError) for each in lost)
    (pool,) = server.snapshot().pools
    assert (pool.lost, len(pool.members)) == (1, 2)
    assert await client.ask(to, Work(50)) in {"work.1", "work.3"}


async def test_an_ask_that_is_cancelled_ends_the_work_of_the_member(sim: Simulation) -> None:
    server, client = await two(sim, Pool(partial(Worker, [], 100.0), members=2, pick=by_key))
    to = Peer(server.node_id) / Worker
    asks = [asyncio.ensure_future(client.ask(to, Work(1, str(n)))) for n in range(2)]
    await sim.run_for(1)
    assert sum(member.at_work for member in server.snapshot().pools[0].members) > 0
    for ask in asks:
        ask.cancel()
    await sim.until(lambda: not any(m.at_work for m in server.snapshot().pools[0].members), within=2)


class Count(Message, Request[Stream[int]]):
    to: int


class Tail(Message, Request[Stream[str]]):
    """Answered with who answers, and then with nothing."""


class Numbers(Reactor):
    channel = Channel("numbers", messages=(Count, Flush, Tail), timeout=30)

    @handles(Tail)
    async def tail(self, _: Tail) -> AsyncIterator[str]:
        yield str(self)
        await asyncio.Event().wait()

    @handles(Count)
    async def count(self, message: Count) -> AsyncIterator[int]:
        for number in range(message.to):
            yield number

    @handles(Flush)
    async def flush(self, _: Flush) -> int:
        await asyncio.sleep(1)
        return 1


async def test_a_peer_reads_streams_of_members_also_where_they_waited_for_one(sim: Simulation) -> None:
    server = await sim.node("server", discover=False, reactors=[Pool(Numbers, members=2, prefetch=0)])
    client = await sim.node("client", discover=False, peers=["server"], channels=[Numbers.channel])
    await sim.until(lambda: client.peers, within=10)
    to = Peer(server.node_id) / Numbers
    assert [n async for n in client.stream(to, Count(200))] == list(range(200))
    busy = [asyncio.ensure_future(client.ask(to, Flush())) for _ in range(3)]
    await sim.run_for(0.1)
    assert [n async for n in client.stream(to, Count(20))] == list(range(20))
    assert await asyncio.gather(*busy) == [1, 1, 1]
    await sim.run_for(20)
    assert server.snapshot().ledger.balanced
    assert client.snapshot().ledger.balanced


async def test_a_peers_streams_wait_for_a_place_and_hold_up_nothing_else(sim: Simulation) -> None:
    server = await sim.node("server", discover=False, reactors=[Pool(Numbers, members=2, streams=1)])
    client = await sim.node("client", discover=False, peers=["server"], channels=[Numbers.channel])
    await sim.until(lambda: client.peers, within=10)
    to = Peer(server.node_id) / Numbers

    def came(who: list[tuple[int, str]], count: int) -> bool:
        return len(who) >= count

    async def first(place: int, who: list[tuple[int, str]]) -> None:
        async for name in client.stream(to, Tail()):
            who.append((place, name))

    for _ in range(3):  # each time they hold a window's worth of credit, which comes back when they go
        who: list[tuple[int, str]] = []
        many = [asyncio.ensure_future(first(place, who)) for place in range(400)]
        await sim.until(partial(came, who, 2), within=5)
        assert {name for _, name in who} == {"numbers.1", "numbers.2"}
        assert server.snapshot().pools[0].streams_waiting == 254
        assert server.snapshot().streams["numbers"].members == {"numbers.1": 1, "numbers.2": 1}
        many[who[0][0]].cancel()
        assert await client.ask(to, Flush(), timeout=5) == 1
        await sim.until(partial(came, who, 3), within=5)
        for each in many:
            each.cancel()
        await sim.until(lambda: not server.snapshot().pools[0].streams_waiting, within=5)
        await sim.until(lambda: not any(m.streams for m in server.snapshot().pools[0].members), within=5)
    assert [n async for n in client.stream(to, Count(20))] == list(range(20))
    with pytest.raises(DeadlineExceeded):
        await anext(client.stream(to, Tail(), timeout=0))
    await sim.run_for(20)
    assert server.snapshot().ledger.balanced
    assert client.snapshot().ledger.balanced
    assert client.snapshot().ledger.remote["numbers"].pending == 0, "all credit came back"


async def trouble(sim: Simulation, server: Node, client: Node) -> None:
    """One of what befalls a pool and its network."""
    match sim.rng.randrange(4):
        case 0:
            await server.ask(LOCAL / "work", ResizePool(sim.rng.randint(1, 6)))
        case 1:
            await server.tell(LOCAL / Worker, Break())
        case 2:
            await server.tell(LOCAL / Worker, Flush())
        case _:
            sim.network.break_streams(server, client)


@seeds
async def test_on_a_network_in_trouble_keys_keep_their_order_and_books_add_up(sim: Simulation) -> None:
    """The line breaks, the pool grows and shrinks, members fail: nothing comes twice, and nothing out of order."""
    rng = sim.rng
    book: list[tuple[str, str, str, int]] = []
    sim.network.shape(latency=Uniform(0.0, 0.03), jitter=0.01, bandwidth=rng.choice([None, 1e6]))
    pool = Pool(partial(Worker, book, rng.choice([0.0, 0.01])), members=3, pick=by_key, streams=rng.choice([1, 2, 9]))
    server, client = await two(sim, pool)
    to = Peer(server.node_id) / Worker
    ended = wrong = 0

    async def send(own: int) -> None:
        nonlocal ended
        for n in range(60):
            message = Work(1_000 * own + n, f"{own}:{rng.randrange(3)}")
            try:
                await (
                    client.ask(to, message, timeout=5) if rng.random() < 0.3 else client.tell(to, message, timeout=5)
                )
            except SendError:
                await asyncio.sleep(0.2)
        ended += 1

    async def read(own: int) -> None:
        """Of each key no gap, no repeat, no silent end."""
        nonlocal ended, wrong
        for n in range(20):
            key, count, came = f"{own}:r{rng.randrange(3)}", rng.choice([0, 3, 200]), list[int]()
            node = rng.choice([client, server])
            try:
                place = to if node is client else LOCAL / Worker
                async for number in node.stream(place, Read(1_000 * own + n, key, count), idle=rng.choice([0.05, 5.0])):
                    came.append(number)
                    if rng.random() < 0.01:
                        break
                else:
                    wrong += len(came) != count
            except SendError as error:
                wrong += error.items != len(came)
                await asyncio.sleep(0.2)
            wrong += came != list(range(len(came)))
        ended += 1

    senders = [asyncio.create_task(send(own)) for own in range(3)]
    senders += [asyncio.create_task(read(own)) for own in range(3, 6)]
    while ended < 6:
        await sim.run_for(rng.uniform(0.05, 0.3))
        await trouble(sim, server, client)
    await asyncio.gather(*senders)
    await sim.run_for(20)
    assert not wrong
    (view,) = server.snapshot().pools
    assert view.held == 0
    assert not view.moving
    assert not any(member.queued or member.at_work or member.streams for member in view.members)
    assert view.streams_waiting == 0
    for own in range(3):
        for key in range(3):
            numbers = [number for *_, k, number in book if k == f"{own}:{key}"]
            assert numbers == sorted(set(numbers))
    assert server.snapshot().ledger.balanced
    assert client.snapshot().ledger.balanced
    assert server.snapshot().ledger.local["work"].pending == 0
