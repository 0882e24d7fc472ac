"""Streams of actors on threads of their own, and to readers on other threads: the same promises as on the loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest
from clusters import Cluster
from virtual_time import eventually, in_real_time

from peerbus.actors import (
    LOCAL,
    ActorStopped,
    Address,
    Bus,
    Channel,
    DeadlineExceeded,
    Message,
    MessageTypeError,
    NoSuchReactor,
    Peer,
    PeerbusError,
    PeerGone,
    Reactor,
    RemoteError,
    Request,
    SendError,
    Stream,
    handles,
)
from peerbus.node import Node


class Item(Message):
    number: int
    data: bytes = b""


class Count(Message, Request[Stream[Item]]):
    to: int
    size: int = 0
    fails: bool = False
    waits: float = 0.0


class Where(Message, Request[int]):
    """On which thread it runs, and how many of its generators have ended."""


class Total(Message, Request[int]):
    to: int
    node: str = ""
    left: int = -1


class Source(Reactor):
    dispatcher = "thread"
    channel = Channel("source", messages=(Item, Count, Where), timeout=20.0)

    def __init__(self) -> None:
        super().__init__()
        self.made = self.ended = 0
        self.threads: set[int] = set()

    @handles(Count)
    async def count(self, count: Count) -> AsyncIterator[Item]:
        try:
            for number in range(count.to):
                self.made += 1
                self.threads.add(threading.get_ident())
                if count.waits:
                    await asyncio.sleep(count.waits)
                yield Item(number, bytes(count.size))
            if count.fails:
                raise ValueError("no more")
        finally:
            self.ended += 1

    @handles(Where)
    def where(self, _: Where) -> int:
        return threading.get_ident()

    @handles(Item)
    def take(self, _: Item) -> None:
        """It is told as well."""


class Adder(Reactor):
    """Reads a stream in code that blocks."""

    dispatcher = "thread"
    channel = Channel("adder", messages=(Total,), timeout=20.0)

    def to(self, total: Total) -> Address[object]:
        return Address[object](Peer(total.node), "source") if total.node else Address[object](LOCAL, "source")

    @handles(Total)
    def total(self, total: Total) -> int:
        found = 0
        for item in self.stream(self.to(total), Count(total.to)):
            found += item.number
            if item.number == total.left:
                break
        return found


class AsyncAdder(Adder):
    """As it, on the loop of its thread."""

    channel = Channel("async_adder", messages=(Total,), timeout=20.0)

    @handles(Total)
    async def total(self, total: Total) -> int:  # type: ignore[override]  # an actor's handler may be either
        found = 0
        async for item in self.stream(self.to(total), Count(total.to)):
            found += item.number
            if item.number == total.left:
                break
        return found


class Pair:
    """Two nodes; the reactors run on `there`."""

    def __init__(self) -> None:
        self.cluster = Cluster()
        self.sources: list[Source] = []
        channels = [Source.channel]
        self.here = self.cluster.node("here", channels=channels, reactors=[Adder, AsyncAdder])
        self.there = self.cluster.node("there", peers=("here",), reactors=[self.make], shutdown_timeout=5.0)
        self.to = Address[object](Peer(self.there.node_id), "source")

    def make(self) -> Source:
        self.sources.append(Source())
        return self.sources[-1]


async def take_all(stream: Stream[Item], into: list[int]) -> None:
    async for item in stream:
        into.append(item.number)


def balanced(*nodes: Node) -> bool:
    return all(node.snapshot().ledger.balanced for node in nodes)


@in_real_time
async def test_a_generator_on_a_thread_answers_in_items_beside_the_next_messages() -> None:
    pair = Pair()
    async with pair.cluster.running(pair.here, pair.there):
        for reader, to in ((pair.here, pair.to), (pair.there, Address[object](LOCAL, "source"))):
            for count, size in ((0, 0), (1, 0), (5_000, 0), (100, 100_000)):
                items = [item async for item in reader.stream(to, Count(count, size))]
                assert [item.number for item in items] == list(range(count))
                assert all(len(item.data) == size for item in items)
        slow = pair.here.stream(pair.to, Count(100_000))
        assert (await anext(slow)).number == 0
        (source,) = pair.sources
        assert source.threads == {await pair.here.ask(pair.to, Where())}, "it takes messages meanwhile"
        assert source.threads != {threading.get_ident()}
        await slow.aclose()
        await eventually(lambda: source.ended == source_count(pair))
        assert source.made < 2 * 5_101 + 10_000
        assert balanced(pair.here, pair.there)


def source_count(pair: Pair) -> int:
    return 2 * 4 + 1


@in_real_time
async def test_a_reader_that_stops_holds_a_window_of_a_generator_on_a_thread() -> None:
    pair = Pair()
    async with pair.cluster.running(pair.here, pair.there):
        stream = pair.here.stream(pair.to, Count(100_000, 100_000))
        assert (await anext(stream)).number == 0
        (source,) = pair.sources
        made = 0
        while made != source.made or stream.received < 2:
            made = source.made
            await asyncio.sleep(0.05)
        assert source.made <= 1_048_576 // 100_000 + 8
        await stream.aclose()
        await eventually(lambda: source.ended == 1)


@in_real_time
async def test_what_a_generator_on_a_thread_raises_comes_behind_its_items() -> None:
    pair = Pair()
    async with pair.cluster.running(pair.here, pair.there):
        for to in (pair.to, Address[object](LOCAL, "source")):
            reader = pair.here if to is pair.to else pair.there
            came: list[int] = []
            with pytest.raises(RemoteError, match="no more"):
                await take_all(reader.stream(to, Count(1_000, fails=True)), came)
            assert came == list(range(1_000))
            with pytest.raises(DeadlineExceeded):
                await take_all(reader.stream(to, Count(1_000, waits=0.01), timeout=0.1), came)
        (source,) = pair.sources
        await eventually(lambda: source.ended == 4)
        assert balanced(pair.here, pair.there)


@in_real_time
async def test_an_actor_on_a_thread_that_ends_ends_its_streams() -> None:
    pair = Pair()
    async with pair.cluster.running(pair.here, pair.there):
        for to in (pair.to, Address[object](LOCAL, "source")):
            reader = pair.here if to is pair.to else pair.there
            stream = reader.stream(to, Count(1_000_000))
            assert (await anext(stream)).number == 0
            ref = pair.there.bus.cell("source")
            assert ref is not None
            ref.kill("for the test")
            with pytest.raises((ActorStopped, NoSuchReactor)):
                await take_all(stream, [])
            if to is pair.to:
                await eventually(lambda: pair.there.bus.cell("source") is None)
                pair.there.spawn(pair.make)
        assert balanced(pair.here, pair.there)


@in_real_time
async def test_an_actor_on_a_thread_ends_though_a_reader_of_it_has_stopped() -> None:
    pair = Pair()
    async with pair.cluster.running(pair.here, pair.there):
        local = Address[object](LOCAL, "source")
        streams = [pair.here.stream(pair.to, Count(1_000_000)), pair.there.stream(local, Count(1_000_000))]
        for stream in streams:
            assert (await anext(stream)).number == 0
        await eventually(lambda: pair.there.snapshot().streams["source"].standing == 2)
        ref = pair.there.bus.cell("source")
        assert ref is not None
        ref.kill("for the test")
        await eventually(lambda: pair.there.bus.cell("source") is None)
        for stream in streams:
            with pytest.raises(ActorStopped):
                await take_all(stream, [])
        (source,) = pair.sources
        assert source.ended == 2


@in_real_time
async def test_a_node_that_shuts_down_lets_a_generator_on_a_thread_finish() -> None:
    pair = Pair()
    async with pair.cluster.running(pair.here):
        await pair.there.__aenter__()
        await eventually(lambda: pair.there.node_id in pair.here.peers)
        came: list[int] = []

        async def read() -> None:
            async for item in pair.here.stream(pair.to, Count(50, waits=0.002)):
                came.append(item.number)

        reading = asyncio.ensure_future(read())
        await eventually(lambda: came)
        await pair.there.aclose()
        await reading
        assert came == list(range(50))


@pytest.mark.parametrize("adder", [Adder, AsyncAdder])
@in_real_time
async def test_an_actor_on_a_thread_reads_a_stream_to_its_end_or_leaves_it(adder: type[Adder]) -> None:
    pair = Pair()
    async with pair.cluster.running(pair.here, pair.there):
        to = Address[object](LOCAL, adder.channel.name)
        assert await pair.here.ask(to, Total(3_000, pair.there.node_id), reply=int) == sum(range(3_000))
        assert await pair.here.ask(to, Total(100_000, pair.there.node_id, left=10), reply=int) == sum(range(11))
        (source,) = pair.sources
        await eventually(lambda: source.ended == 2)
        assert source.made < 20_000
        nobody = await asyncio.gather(pair.here.ask(to, Total(1, "b" * 64), reply=int), return_exceptions=True)
        assert isinstance(nobody[0], SendError | RemoteError)
        assert balanced(pair.here, pair.there)


@in_real_time
async def test_plain_code_on_another_thread_reads_a_stream_and_hears_how_it_ended() -> None:
    pair = Pair()
    async with pair.cluster.running(pair.here, pair.there):
        here, to, gone = pair.here, pair.to, threading.Event()

        def read() -> list[object]:
            found: list[object] = [sum(item.number for item in here.stream(to, Count(2_000)))]
            stream = here.stream(to, Count(1_000_000, 1_000))
            try:
                for item in stream:
                    if item.number == 10:
                        gone.set()
            except PeerGone as error:
                found += [(error.items or 0) > 10, stream.received == error.items]
            try:
                for item in here.stream("nobody", Count(1)):  # type: ignore[call-overload]  # what this is about
                    found.append(item)
            except TypeError:
                found.append("no address")
            return found

        reading = asyncio.ensure_future(asyncio.to_thread(read))
        await eventually(gone.is_set)
        for peer in pair.here.peers:
            pair.here.disconnect(peer)
        assert await reading == [sum(range(2_000)), True, True, "no address"]


@in_real_time
async def test_nobody_waits_for_ever_for_what_his_own_thread_is_to_make() -> None:
    class Self(Source):
        channel = Channel("self", messages=(Item, Count, Where, Total), timeout=20.0)

        @handles(Total)
        def total(self, total: Total) -> int:
            return sum(item.number for item in self.stream(LOCAL / "self", Count(total.to)))

    async with Bus(reactors=[Self]) as bus:
        with pytest.raises(PeerbusError, match="WouldDeadlock"):
            await bus.ask(LOCAL / "self", Total(3), reply=int)
        with pytest.raises(PeerbusError, match="async for"):
            iter(bus.stream(LOCAL / Self, Count(3)))


@in_real_time
async def test_items_do_not_come_to_a_handler_on_a_thread_and_it_says_so() -> None:
    class Upload(Message, Request[int]):
        name: str

    class Store(Reactor):
        dispatcher = "thread"
        channel = Channel("store", messages=(Upload,))

        @handles(Upload)
        async def store(self, _: Upload, numbers: AsyncIterator[int]) -> int:
            return sum([number async for number in numbers])

    cluster = Cluster()
    here = cluster.node("here", channels=[Store.channel])
    there = cluster.node("there", peers=("here",), reactors=[Store])
    async with cluster.running(here, there):
        for node, to in ((here, Peer(there.node_id) / Store), (there, LOCAL / Store)):
            with pytest.raises((ActorStopped, MessageTypeError, RemoteError), match="thread of its own"):
                async with node.open(to, Upload("a")) as s:
                    await s.result()
