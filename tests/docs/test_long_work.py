"""What docs/long-work.md shows, at work."""

from __future__ import annotations

import functools
import math
from collections.abc import AsyncIterator, Iterator
from typing import Literal

from hashing import Hash, Index, Verify, Work

from peerbus.actors import (
    LOCAL,
    Bus,
    Channel,
    Key,
    Message,
    Pool,
    Reactor,
    Request,
    Resizer,
    Role,
    Stream,
    Supervision,
    handles,
)
from peerbus.node import Node, Worker
from peerbus.patterns import Gossip, GossipOptions, Singleton, gossip_channel
from peerbus.testing import Nodes, Simulation


class Block(Message):
    height: int


# region: stream
class GetRange(Message, Request[Stream[Block]]):
    first: int
    last: int


class Blocks(Reactor):
    channel = Channel("blocks", messages=(GetRange, Block))

    @handles(GetRange)
    async def serve(self, request: GetRange) -> AsyncIterator[Block]:
        for height in range(request.first, request.last + 1):
            yield await self.load(height)

    # endregion
    async def load(self, height: int) -> Block:
        return Block(height)


async def test_an_answer_in_items(node: Nodes) -> None:
    await node("archive", offers={"archive"}, reactors=[Blocks])
    alice = await node("alice", channels=[Blocks.channel])
    heights = []
    # region: read
    async for block in alice.stream(Role("archive") / Blocks, GetRange(1, 1_000)):
        heights.append(block.height)
    # endregion
    assert heights == list(range(1, 1_001))


class Total(Message, Request[int]):
    pass


# region: thread
class Adder(Reactor):
    dispatcher = "thread"
    channel = Channel("adder", messages=(Total,))

    @handles(Total)
    def total(self, total: Total) -> int:
        return sum(block.height for block in self.stream(Role("archive") / Blocks, GetRange(1, 1_000)))


# endregion


async def test_a_stream_is_read_on_a_thread() -> None:
    alice = Node("alice", offers={"archive"}, reactors=[Blocks, Adder])
    async with alice:
        assert await alice.ask(LOCAL / Adder, Total()) == 500_500


class Chunk(Message):
    data: bytes


class Stored(Message):
    name: str


# region: upload
class Upload(Message, Request[Stored]):
    name: str


class Store(Reactor):
    channel = Channel("store", messages=(Upload, Chunk))

    @handles(Upload)
    async def store(self, upload: Upload, chunks: AsyncIterator[Chunk]) -> Stored:
        async for chunk in chunks:
            await self.write(upload.name, chunk)
        return Stored(upload.name)

    # endregion
    async def write(self, name: str, chunk: Chunk) -> None:
        WRITTEN.append((name, chunk.data))


WRITTEN: list[tuple[str, bytes]] = []


def read(_: str) -> Iterator[Chunk]:
    yield from (Chunk(b"one"), Chunk(b"two"))


async def test_items_that_go_with_a_message(node: Nodes) -> None:
    WRITTEN.clear()
    await node("store", offers={"store"}, reactors=[Store])
    alice = await node("alice", channels=[Store.channel])
    to = Role("store") / Store
    # region: send-items
    async with alice.open(to, Upload("a.tar")) as s:
        for chunk in read("a.tar"):
            await s.send(chunk)  # waits while the handler has a window of them that it has not taken
        stored = await s.result()
    # endregion
    assert stored == Stored("a.tar")
    assert WRITTEN == [("a.tar", b"one"), ("a.tar", b"two")]


async def test_a_pool_is_asked_as_a_reactor_is() -> None:
    data = b"123"
    # region: pool
    async with Node("alice", reactors=[Pool(Hash, threads=4)]) as node:
        digest = await node.ask(LOCAL / Hash, Work(data), timeout=10)
    # endregion
    assert digest == 3


class Flush(Message, Request[int]):
    pass


class Login(Message, Request[int]):
    user: str


class Sessions(Reactor):
    channel = Channel("sessions", messages=(Flush, Login))

    def __init__(self) -> None:
        super().__init__()
        self.logins = 0

    @handles(Login)
    def login(self, login: Login) -> int:
        self.logins += 1
        return self.logins

    @handles(Flush)
    def flush(self, _: Flush) -> int:
        return self.logins


async def test_a_key_always_goes_to_the_same_member_and_a_flush_to_all() -> None:
    # region: pick
    def pick(message: Flush | Login) -> Literal["all"] | Key:
        return "all" if isinstance(message, Flush) else Key(message.user)

    pool = Pool(Sessions, members=8, pick=pick, combine=sum)
    # endregion
    async with Bus() as bus:
        bus.spawn(pool)
        assert [await bus.ask(LOCAL / Sessions, Login("ada")) for _ in range(3)] == [1, 2, 3]
        assert await bus.ask(LOCAL / Sessions, Flush()) == 3


async def test_a_pool_that_resizes_itself() -> None:
    # region: resizer
    pool = Pool(Hash, threads=2, resizer=Resizer(lower=2, upper=16, grow_after=0.5, shrink_after=30))
    # endregion
    async with Bus() as bus:
        bus.spawn(pool)
        assert await bus.ask(LOCAL / Hash, Work(b"1")) == 1


class Transaction(Message):
    number: int

    def signed(self) -> bool:
        return self.number > 0


# region: gossip
class Mempool(Gossip[Transaction]):
    channel = gossip_channel("mempool", Transaction, priority=3)
    role = "miner"
    options = GossipOptions(keep=10_000, keep_for=600)

    def valid(self, item: Transaction) -> bool:
        return item.signed()  # one that is not valid is delivered to nobody, and told to nobody

    def deliver(self, item: Transaction) -> None:
        POOL[self.bus.name, item.number] = item  # once for each item, at each member


# endregion

POOL: dict[tuple[str, int], Transaction] = {}


async def test_everybody_gets_what_somebody_told_once(sim: Simulation) -> None:
    POOL.clear()
    alice = await sim.node("alice", offers={"miner"}, reactors=[Mempool])
    await sim.node("bob", offers={"miner"}, reactors=[Mempool])
    client = await sim.node("client", channels=[Mempool.channel])
    await sim.until(lambda: len(client.peers) == 2, within=60)
    # region: gossip-sends
    await alice.tell(LOCAL / Mempool, Transaction(7))  # it enters here
    await client.ask(Role("miner") / Mempool, Transaction(8))  # from a node that is no member; True: it is new
    # endregion
    await sim.until(lambda: len(POOL) == 4, within=60)
    assert sorted(POOL) == [("alice", 7), ("alice", 8), ("bob", 7), ("bob", 8)]


class Balance(Message, Request[int]):
    name: str


class Ledger(Reactor):
    channel = Channel("ledger", messages=(Balance,))

    @handles(Balance)
    def balance(self, _: Balance) -> int:
        return 100


# region: singleton
class OneLedger(Singleton):
    reactor = Ledger
    role = "bank"


# endregion


async def test_one_of_several_runs_it(sim: Simulation) -> None:
    await sim.node("alice", offers={"bank"}, reactors=[OneLedger])
    await sim.node("bob", offers={"bank"}, reactors=[OneLedger])
    client = await sim.node("web", channels=[Ledger.channel])
    # region: singleton-ask
    balance = await client.ask(Role("bank") / Ledger, Balance("bob"), wait_for_peer=True)
    # endregion
    assert balance == 100


async def test_reactors_in_processes_of_their_own() -> None:
    data = b"123"
    # region: processes
    async with Node(
        "alice",
        reactors=[Index],
        processes={"crunch": [Hash, functools.partial(Verify, depth=3)], "render": ["hashing:Render"]},
    ) as node:
        digest = await node.ask(LOCAL / Hash, Work(data), timeout=10)
        # endregion
        depth = await node.ask(LOCAL / Verify, Work(data), timeout=10)
    assert (digest, depth) == (3, 3)


def test_a_worker_says_what_it_may() -> None:
    # region: worker
    hashing = Worker([Hash], unresponsive=math.inf, supervision=Supervision(budget=50))
    node = Node("alice", processes={"crunch": hashing})
    # endregion
    assert node.name == "alice"
