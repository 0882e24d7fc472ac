"""Streams between nodes: items in order, credit, ends of all kinds, and accounts that add up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from clusters import Cluster
from virtual_time import eventually, in_virtual_time

from peerbus.actors import (
    Address,
    Channel,
    DeadlineExceeded,
    Message,
    MessageTypeError,
    OpenStream,
    Peer,
    PeerGone,
    Reactor,
    RemoteError,
    Request,
    Role,
    SchemaMismatch,
    SendError,
    Stream,
    handles,
)
from peerbus.actors.streams.credit import WINDOW_ITEMS
from peerbus.node import Node
from peerbus.transports.wire import hello


class Block(Message):
    height: int
    data: bytes = b""


class GetRange(Message, Request[Stream[Block]]):
    first: int
    last: int
    size: int = 0
    sleeps: float = 0.0
    fails: bool = False


class Count(Message, Request[Stream[int]]):
    to: int


class Upload(Message, Request[int]):
    name: str


class Double(Message, Request[Stream[int]]):
    pass


class Ended(Message, Request[int]):
    """How many generators have ended."""


class Store(Reactor):
    channel = Channel("store", messages=(Block, GetRange, Count, Upload, Double, Ended), max_message=1 << 20)

    def __init__(self) -> None:
        super().__init__()
        self.made = self.ended = 0

    @handles(GetRange)
    async def serve(self, request: GetRange) -> AsyncIterator[Block]:
        try:
            for height in range(request.first, request.last + 1):
                self.made += 1
                if request.sleeps:
                    await asyncio.sleep(request.sleeps)
                yield Block(height, bytes(request.size))
            if request.fails:
                raise ValueError("no more blocks")
        finally:
            self.ended += 1

    @handles(Count)
    async def count(self, count: Count) -> AsyncIterator[int]:
        for number in range(count.to):
            yield number

    @handles(Upload)
    async def upload(self, upload: Upload, blocks: AsyncIterator[Block]) -> int:
        total = 0
        async for block in blocks:
            total += block.height
            if upload.name == "short" and total > 10:
                break
        if upload.name == "bad":
            raise ValueError("bad upload")
        return total

    @handles(Double)
    async def double(self, _: Double, numbers: AsyncIterator[int]) -> AsyncIterator[int]:
        async for number in numbers:
            yield 2 * number

    @handles(Ended)
    def count_ended(self, _: Ended) -> int:
        return self.ended

    @handles(Block)
    def keep(self, _: Block) -> None:
        """It is told as well."""


class Pair:
    """Two nodes; the reactor runs on `there`."""

    def __init__(self) -> None:
        self.cluster = Cluster()
        self.stores: list[Store] = []
        self.here = self.cluster.node("here", channels=[Store.channel])
        self.there = self.cluster.node("there", peers=("here",), reactors=[self.make], offers={"archive"})
        self.to = Address[object](Peer(self.there.node_id), "store")

    def make(self) -> Store:
        self.stores.append(Store())
        return self.stores[-1]

    def open_streams(self) -> int:
        items = self.there.bus.books.items("store")
        return items.open


async def take_all(stream: Stream[Block], into: list[int]) -> None:
    async for block in stream:
        into.append(block.height)


async def send_all(to: OpenStream[int], blocks: list[Block]) -> None:
    async with to:
        for block in blocks:
            await to.send(block)


async def send_blocks(to: OpenStream[int], count: int) -> None:
    for _ in range(count):
        await to.send(Block(7))


def balanced(*nodes: Node) -> bool:
    return all(node.snapshot().ledger.balanced for node in nodes)


@pytest.mark.parametrize("size", [0, 100, 5_000, 70_000])
@in_virtual_time
async def test_items_of_any_size_come_in_order_and_end(size: int) -> None:
    pair = Pair()
    async with pair.cluster.running(pair.here, pair.there):
        last = 3_000 if size < 1_000 else 300
        came: list[int] = []
        await take_all(pair.here.stream(pair.to, GetRange(1, last, size)), came)
        assert came == list(range(1, last + 1))
        assert [number async for number in pair.here.stream(pair.to, Count(5_000))] == list(range(5_000))
        assert [number async for number in pair.here.stream(pair.to, Count(0))] == []
        items = pair.there.snapshot().ledger.items["store"]
        assert items.sent == items.delivered == last + 5_000
        assert balanced(pair.here, pair.there)
        assert pair.open_streams() == 0


@in_virtual_time
async def test_a_reader_that_stops_costs_one_window_and_stalls_nobody() -> None:
    pair = Pair()
    async with pair.cluster.running(pair.here, pair.there):
        slow = pair.here.stream(pair.to, GetRange(1, 100_000))
        assert (await anext(slow)).height == 1
        await asyncio.sleep(1)
        assert pair.stores[0].made <= WINDOW_ITEMS + WINDOW_ITEMS // 4 + 2
        large = pair.here.stream(pair.to, GetRange(1, 1_000, 100_000))
        assert (await anext(large)).height == 1
        await asyncio.sleep(1)
        assert large.received <= 12, "1 MiB and one item"
        came: list[int] = []
        await take_all(pair.here.stream(pair.to, GetRange(1, 5_000)), came)
        assert came == list(range(1, 5_001))
        assert await pair.here.ask(pair.to, Ended()) == 1
        await take_all(slow, came)
        assert came[5_000:] == list(range(2, 100_001))
        assert balanced(pair.here, pair.there)


@in_virtual_time
async def test_leaving_the_loop_ends_the_generator_and_so_does_letting_go() -> None:
    pair = Pair()
    async with pair.cluster.running(pair.here, pair.there):
        async for _ in pair.here.stream(pair.to, GetRange(1, 100_000)):
            break
        stream = pair.here.stream(pair.to, GetRange(1, 100_000, sleeps=1.0))
        await anext(stream)
        await stream.aclose()
        stream = pair.here.stream(pair.to, GetRange(1, 100_000))
        await anext(stream)
        del stream
        await eventually(lambda: pair.stores[0].ended == 3)
        assert pair.open_streams() == 0
        items = pair.there.snapshot().ledger.items["store"]
        assert items.pending == 0
        assert "cancelled" in items.failed
        assert balanced(pair.here, pair.there)


@in_virtual_time
async def test_an_error_comes_behind_the_items_before_it() -> None:
    pair = Pair()
    async with pair.cluster.running(pair.here, pair.there):
        came: list[int] = []
        with pytest.raises(RemoteError, match="no more blocks"):
            await take_all(pair.here.stream(pair.to, GetRange(1, 2_000, 1_000, fails=True)), came)
        assert came == list(range(1, 2_001))


@in_virtual_time
async def test_deadlines_of_all_and_of_each_item() -> None:
    pair = Pair()
    async with pair.cluster.running(pair.here, pair.there):
        came: list[int] = []
        with pytest.raises(DeadlineExceeded) as late:
            await take_all(pair.here.stream(pair.to, GetRange(1, 100, sleeps=1.0), timeout=3.5), came)
        assert came == [1, 2, 3]
        assert late.value.items == 3
        with pytest.raises(DeadlineExceeded) as idle:
            await take_all(pair.here.stream(pair.to, GetRange(1, 100, sleeps=1.0), idle=0.5), came)
        assert idle.value.phase == "idle"
        await eventually(lambda: pair.stores[0].ended == 2)
        await take_all(pair.here.stream(pair.to, GetRange(1, 20, sleeps=1.0)), came)
        assert came[3:] == list(range(1, 21)), "20 s in all, with no deadline said"


@in_virtual_time
async def test_the_end_of_the_peer_says_how_many_came() -> None:
    pair = Pair()
    async with pair.cluster.running(pair.here, pair.there):
        stream = pair.here.stream(pair.to, GetRange(1, 100, sleeps=1.0))
        came = [(await anext(stream)).height, (await anext(stream)).height]
        for connection in pair.there.bus.actors.by_name.values():
            if "connection" in type(connection.actor).__name__.lower():
                connection.actor._cut("cut", "by the test")  # type: ignore[union-attr]  # it is one
        with pytest.raises(PeerGone, match="after 2 items") as gone:
            await take_all(stream, came)
        assert gone.value.items == 2
        assert came == [1, 2]
        await eventually(lambda: pair.open_streams() == 0)
        assert balanced(pair.here, pair.there)


@in_virtual_time
async def test_items_go_with_a_message_and_its_answer_comes_back() -> None:
    pair = Pair()
    async with pair.cluster.running(pair.here, pair.there):
        async with pair.here.open(pair.to, Upload("a")) as upload:
            for height in range(3_000):
                await upload.send(Block(height, bytes(100)))
            assert await upload.result() == sum(range(3_000))
        async with pair.here.open(pair.to, Upload("large")) as upload:
            for height in range(30):
                await upload.send(Block(height, bytes(100_000)))
            assert await upload.result() == sum(range(30))
        with pytest.raises(RemoteError, match="bad upload"):
            await send_all(pair.here.open(pair.to, Upload("bad")), [Block(1)])
        async with pair.here.open(pair.to, Upload("short")) as upload:
            with pytest.raises(SendError, match=r"result\(\) has its answer"):
                await send_blocks(upload, 100_000)
            assert await upload.result() == 14
        async with pair.here.open(pair.to, Double()) as talk:
            for number in range(50):
                await talk.send(number)
                assert await anext(talk) == 2 * number
            await talk.end()
            with pytest.raises(StopAsyncIteration):
                await anext(talk)
        with pytest.raises(MessageTypeError, match="an object cannot go with an Upload"):
            await send_all(pair.here.open(pair.to, Upload("a")), [object()])  # type: ignore[list-item]  # what it is about
        assert await pair.here.ask(pair.to, Ended()) == 0, "the handler that waited for more of that was ended"
        assert balanced(pair.here, pair.there)


@in_virtual_time
async def test_of_a_role_another_one_is_asked_before_the_first_item() -> None:
    cluster = Cluster()
    here = cluster.node("here", channels=[Store.channel])
    others = [cluster.node(name, peers=("here",), reactors=[Store], offers={"archive"}) for name in ("one", "two")]
    async with cluster.running(here, *others):
        to = Role("archive") / "store"
        stream = here.stream(to, GetRange(1, 3, sleeps=1.0))
        await asyncio.sleep(0.5)
        (serving,) = [node for node in others if node.bus.books.items("store").open]
        await serving.aclose()
        came: list[int] = []
        await take_all(stream, came)
        assert came == [1, 2, 3]
        (left,) = [node for node in others if node is not serving]
        stream = here.stream(to, GetRange(1, 100, sleeps=1.0))
        await anext(stream)
        left.bus.shutdown_timeout = 0.1
        await left.aclose()
        with pytest.raises(SendError) as gone:
            await take_all(stream, [])
        assert gone.value.items


@in_virtual_time
async def test_to_a_node_of_a_version_without_streams_the_sender_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    old = tuple(word for word in hello.FEATURES if word != hello.STREAMS)
    monkeypatch.setattr("peerbus.discovery.records.self_description.FEATURES", old)
    pair = Pair()
    async with pair.cluster.running(pair.here, pair.there):
        with pytest.raises(SchemaMismatch, match="knows no streams"):
            await anext(pair.here.stream(pair.to, Count(1)))
        assert await pair.here.ask(pair.to, Ended()) == 0


@in_virtual_time
async def test_of_a_role_those_get_streams_whose_versions_know_them(monkeypatch: pytest.MonkeyPatch) -> None:
    old = tuple(word for word in hello.FEATURES if word != hello.STREAMS)
    monkeypatch.setattr("peerbus.discovery.records.self_description.FEATURES", old)
    cluster = Cluster()
    here = cluster.node("here", channels=[Store.channel])
    names = ("one", "two", "three", "four", "five")
    before = [cluster.node(name, peers=("here",), reactors=[Store], offers={"archive"}) for name in names]
    new = cluster.node("new", peers=("here",), reactors=[Store], offers={"archive"})
    async with cluster.running(here, *before):
        monkeypatch.undo()
        async with new:
            await eventually(lambda: len(here.peers) == 6)
            to = Role("archive") / "store"
            for _ in range(10):
                came: list[int] = []
                await take_all(here.stream(to, GetRange(1, 3)), came)
                assert came == [1, 2, 3]
                async with here.open(to, Double()) as talk:
                    await talk.send(4)
                    assert await anext(talk) == 8
                    await talk.end()
                    with pytest.raises(StopAsyncIteration):
                        await anext(talk)
