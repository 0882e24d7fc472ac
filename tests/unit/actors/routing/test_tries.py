"""Who is tried after one that is gone: the laws of a send to a role, where this node's own reactor is the first one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import pytest

from peerbus.actors import (
    LOCAL,
    ActorStopped,
    Address,
    Bus,
    Capability,
    Channel,
    FailedOver,
    Key,
    Message,
    Outcome,
    Reactor,
    Ref,
    Request,
    Role,
    SendError,
    Stream,
    handles,
)
from peerbus.actors.routing.choice import rendezvous
from peerbus.actors.routing.tries import MAX_TRIES
from peerbus.testing import PeerProbe


class Get(Message, Request[str]):
    height: int


class Append(Message, Request[str]):
    height: int


class Read(Message, Request[Stream[int]]):
    height: int


class Gate:
    """Holds handlers, on the loop or on a thread; knows what they were called with."""

    def __init__(self) -> None:
        self.begun: list[object] = []
        self.loop = asyncio.Semaphore(0)
        self.thread = threading.Event()
        self._here = asyncio.get_running_loop()
        self._calls: asyncio.Queue[object] = asyncio.Queue()

    def called(self, message: object) -> None:
        """A handler has begun. From any thread."""
        self.begun.append(message)
        self._here.call_soon_threadsafe(self._calls.put_nowait, message)

    async def calls(self, count: int) -> None:
        """Wait for as many more."""
        for _ in range(count):
            await self._calls.get()

    def open(self) -> None:
        for _ in range(100):
            self.loop.release()
        self.thread.set()


class Blocks(Reactor):
    """Room for one more than it has at hand."""

    channel = Channel("blocks", messages=(Get, Append, Read), idempotent=(Get,), mailbox=1)

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self.gate = gate

    @handles(Get)
    async def get(self, get: Get) -> str:
        return await self._held(get)

    @handles(Append)
    async def append(self, append: Append) -> str:
        return await self._held(append)

    @handles(Read)
    async def read(self, read: Read) -> AsyncIterator[int]:
        await self._held(read)
        yield 1

    async def _held(self, message: object) -> str:
        self.gate.called(message)
        await self.gate.loop.acquire()
        return "own"


class BlocksOnThread(Blocks):
    dispatcher = "thread"

    async def _held(self, message: object) -> str:
        self.gate.called(message)
        self.gate.thread.wait(20)
        return "own"


async def _items(_read: Read) -> AsyncIterator[int]:
    yield 7


async def _awaited(outcome: Outcome[object]) -> object:
    return await outcome


async def _first(stream: Stream[int]) -> int:
    async with stream:
        async for item in stream:
            return item
    raise AssertionError("a stream without items")


def _drawn() -> Iterator[Append]:
    yield from (Append(1), Append(2), Append(3))


To = Address[Get | Append | Read]
#: How each kind of send is made, what it returns, and what the one that takes it gets.
SENDS: dict[str, tuple[Callable[[Bus, To], Coroutine[Any, Any, object]], object, list[Message]]] = {
    "tell": (lambda bus, to: _awaited(bus.tell(to, Append(1), timeout=5)), None, [Append(1)]),
    "tell_many": (
        lambda bus, to: _awaited(bus.tell_many(to, [Append(1), Append(2), Append(3)], timeout=5)),
        3,
        [Append(1), Append(2), Append(3)],
    ),
    "tell_many of a generator": (
        lambda bus, to: _awaited(bus.tell_many(to, _drawn(), timeout=5)),
        3,
        [Append(1), Append(2), Append(3)],
    ),
    "ask": (lambda bus, to: _awaited(bus.ask(to, Append(1), timeout=5)), "there", [Append(1)]),
    "ask idempotent": (lambda bus, to: _awaited(bus.ask(to, Get(1), timeout=5)), "there", [Get(1)]),
    "ask hedged": (lambda bus, to: _awaited(bus.ask(to, Get(1), timeout=5, hedge=4)), "there", [Get(1)]),
    "stream": (lambda bus, to: _first(bus.stream(to, Read(1), timeout=5)), 7, [Read(1)]),
}


def own_first(bus: Bus, peers: list[PeerProbe]) -> To:
    """An address that means this node's own reactor, as long as that is there."""
    ids = [bus.node_id, *(peer.id for peer in peers)]
    key = next(str(each) for each in range(1000) if rendezvous(str(each), ids)[0] == bus.node_id)
    address = Role("archive", Key(key)) / Blocks
    return address  # noqa: RET504  # returned at once, its type is inferred from that of the function


@asynccontextmanager
async def full(kind: type[Blocks] = Blocks) -> AsyncIterator[tuple[Bus, Ref[Blocks], PeerProbe, Gate]]:
    """A node whose own reactor is at work, with a full mailbox; and a peer that offers the same role."""
    gate = Gate()
    async with Bus(rng=Random(3)) as bus, PeerProbe(bus, roles={"archive"}, reactors=[Blocks], name="peer") as peer:
        ref: Ref[Blocks] = bus.spawn(kind, gate)
        bus.offer([Capability("archive")])
        peer.answer(Get, "there")
        peer.answer(Append, "there")
        peer.answer(Read, _items)
        try:
            await bus.tell(LOCAL / Blocks, Append(-1))
            await gate.calls(1)
            await bus.tell(LOCAL / Blocks, Append(-2))
            yield bus, ref, peer, gate
        finally:
            gate.open()


@pytest.mark.parametrize("kind", [Blocks, BlocksOnThread])
@pytest.mark.parametrize("send", SENDS)
async def test_senders_that_wait_for_this_nodes_own_reactor_go_on_to_a_peer_when_it_stops(
    send: str, kind: type[Blocks]
) -> None:
    make, result, gets = SENDS[send]
    async with full(kind) as (bus, ref, peer, gate):
        sending = [asyncio.ensure_future(make(bus, own_first(bus, [peer]))) for _ in range(3)]
        await asyncio.sleep(0.1)
        assert not peer.received
        stopping = ref.stop(block=False)
        gate.open()
        await stopping
        assert await asyncio.gather(*sending) == [result] * 3
        assert sorted(str(each.message) for each in peer.received) == sorted(str(each) for each in gets * 3)
        assert gate.begun == [Append(-1), Append(-2)]


@pytest.mark.parametrize("send", SENDS)
async def test_they_go_on_when_it_is_killed_and_when_it_has_begun_to_stop(send: str) -> None:
    make, result, gets = SENDS[send]
    async with full() as (bus, ref, peer, _gate):
        to = own_first(bus, [peer])
        before = asyncio.ensure_future(make(bus, to))
        await asyncio.sleep(0.1)
        stopping = ref.stop(block=False)
        await asyncio.sleep(0.1)
        late = asyncio.ensure_future(make(bus, to))
        await asyncio.sleep(0.1)
        ref._cell.kill("for the test")
        await asyncio.gather(stopping, return_exceptions=True)
        assert [await before, await late] == [result] * 2
        assert sorted(str(each.message) for each in peer.received) == sorted(str(each) for each in gets * 2)


async def test_what_its_mailbox_has_taken_is_told_to_nobody_else() -> None:
    async with full() as (bus, ref, peer, gate):
        to = own_first(bus, [peer])
        several = asyncio.ensure_future(_awaited(bus.tell_many(to, [Append(each) for each in range(4)], timeout=5)))
        await asyncio.sleep(0.1)
        for _ in range(2):
            gate.loop.release()
        await gate.calls(2)  # one of the four is at hand
        await asyncio.sleep(0.1)
        stopping = ref.stop(block=False)
        gate.open()
        await stopping
        with pytest.raises(ActorStopped) as caught:
            await several
        assert caught.value.accepted
        assert caught.value.tried == ("local",)
        assert not peer.received


async def test_each_that_goes_on_is_an_event_and_the_error_names_all_that_were_tried() -> None:
    async with full() as (bus, ref, peer, gate), bus.subscribe(FailedOver) as events:
        peer.stall()
        to = own_first(bus, [peer])
        sending = asyncio.ensure_future(_awaited(bus.tell(to, Append(1), timeout=5)))
        await asyncio.sleep(0.1)
        stopping = ref.stop(block=False)
        gate.open()
        await stopping
        await asyncio.sleep(0.1)
        await peer.leave("crashed")
        with pytest.raises(SendError) as caught:
            await sending
        assert caught.value.tried == ("local", peer.id)
        async for event in events:
            assert (event.tried, event.next, event.why) == ("local", peer.id, "actor_stopped")
            break


async def test_no_more_are_tried_than_may_be() -> None:
    async with Bus(rng=Random(1)) as bus:
        peers = [PeerProbe(bus, roles={"archive"}, reactors=[Blocks], name=f"peer {each}") for each in range(5)]
        for peer in peers:
            await peer.__aenter__()
            peer.stall()
        sending = asyncio.ensure_future(_awaited(bus.tell(Role("archive") / Blocks, Append(1), timeout=5)))
        for _ in range(MAX_TRIES):
            await asyncio.sleep(0.1)
            (at,) = [peer for peer in peers if peer._link._waiting]
            await at.leave("crashed")
        with pytest.raises(SendError) as caught:
            await sending
        assert len(caught.value.tried) == MAX_TRIES
        for peer in peers:
            await peer.__aexit__(None, None, None)
