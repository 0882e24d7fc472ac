"""The laws of sends to a role, over random tables of peers: somebody who can answer does, or the error names all tried.

This node is one of them in half of the tables: its reactor is full, and stops while senders wait for its room.

Law 1. A send ends well where one of those that it may try can take it: MAX_TRIES of them, not counting those that do
       not let this node, and another one only where the message may be handled twice or never left.
Law 2. Otherwise the error names who was tried, each once, in order. None of them can take it, and nobody is left that
       may be tried.
Law 3. What may not be handled twice arrives once at most.
Law 4. A send to several has one outcome for each of those it was sent to.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from enum import Enum
from random import Random

import pytest

from peerbus.actors import (
    LOCAL,
    Address,
    Bus,
    Capability,
    Channel,
    Key,
    Message,
    NotAllowed,
    Outcome,
    PeerGone,
    Reactor,
    Ref,
    Request,
    Results,
    Role,
    SchemaMismatch,
    SendError,
    Stream,
    handles,
)
from peerbus.actors.mailbox import Envelope, Waiter
from peerbus.actors.routing import Purpose
from peerbus.actors.routing.tries import MAX_TRIES
from peerbus.testing import PeerProbe
from peerbus.testing.kit.probe_link import ProbeLink


class Get(Message, Request[str]):
    height: int


class Append(Message, Request[str]):
    height: int


class Read(Message, Request[Stream[int]]):
    height: int


class Blocks(Reactor):
    channel = Channel("blocks", messages=(Get, Append, Read), idempotent=(Get,))

    @handles(Get)
    def get(self, get: Get) -> str:
        return "here"

    @handles(Append)
    def append(self, append: Append) -> str:
        return "here"

    @handles(Read)
    async def read(self, read: Read) -> AsyncIterator[int]:
        yield 1


class State(Enum):
    """What a peer is like that offers the role."""

    ABLE = "it takes what is sent"
    WITHOUT = "it does not run the reactor"
    REFUSES = "its operator lets nobody, and this node does not know it yet"
    ENDED = "its connection has ended, and the table does not know it yet"
    CRASHES = "it takes what is sent, and is gone then"
    COMES = "what it declares is on its way, and it takes what is sent"
    COMES_OTHER = "what it declares is on its way, and is something else"

    STOPS = "this node itself: its reactor is full, and stops"


COMING = (State.COMES, State.COMES_OTHER)
PEERS = [state for state in State if state is not State.STOPS]


class StateLink(ProbeLink):
    """The way to a peer of one of these."""

    state = State.ABLE
    waits = False

    def awaits(self, reactor: str) -> bool:
        return self.waits

    def takes(self, reactor: str, kind: type, purpose: Purpose) -> int:
        described = self.has(reactor) and not self.waits and self.state is not State.COMES_OTHER
        return int(described) if self.gone is None else 0

    def _travelled(self, reactor: str, message: object, reply: object = None) -> object:
        if self.state is State.REFUSES:
            raise NotAllowed("its operator does not let this node")
        if self.state is State.ENDED:
            raise PeerGone("its connection has ended")
        if self.state is State.COMES_OTHER and not self.waits:
            raise SchemaMismatch("it declares something else")
        return super()._travelled(reactor, message, reply)

    def described(self) -> None:
        """What it declares is here."""
        self.waits = False
        if self.state is State.COMES:
            self.resume()
        else:
            self._turn_away()

    def wait(self, waiter: Waiter) -> None:
        super().wait(waiter)
        if self.state is State.COMES_OTHER and not self.waits:
            self._turn_away()

    def _turn_away(self) -> None:
        waiting, self._waiting = self._waiting, type(self._waiting)()
        for _, waiter in waiting:
            error = SchemaMismatch("it declares something else")
            error.never_sent = True
            waiter.refused(error)


class StatePeer(PeerProbe):
    """A peer in a state; `taken`: how many messages it got."""

    def __init__(self, bus: Bus, state: State, name: str) -> None:
        super().__init__(bus, reactors=[Blocks], roles={"archive"}, name=name)
        before, self._link = self._link, StateLink(bus, self.id, self._came)
        self._link.roles, self._link.state, self._link.gone = before.roles, state, before.gone
        self._link.reactors = set() if state is State.WITHOUT else before.reactors
        self._link.waits = self._link.stalled = state in COMING
        self.state, self.taken = state, 0
        self.answer(Get, "there")
        self.answer(Append, "there")
        self.answer(Read, _items)

    def _came(self, reactor: str, envelope: Envelope) -> None:
        self.taken += 1
        if self.state is State.CRASHES:
            self._link.end("crashed")
        else:
            self._arrived(reactor, envelope)

    def described(self) -> None:
        """What it declares is here."""
        assert isinstance(self._link, StateLink)
        if self._link.waits:
            self._link.described()


class Full(Reactor):
    """This node's own reactor: it has one message at hand, one in its mailbox, and no room for more."""

    channel = Channel("blocks", messages=(Get, Append, Read), idempotent=(Get,), mailbox=1)

    def __init__(self, own: Own) -> None:
        super().__init__()
        self._own = own

    @handles(Append)
    async def append(self, append: Append) -> str:
        self._own.taken += append.height >= 0
        await self._own.end.wait()
        return "here"

    @handles(Get)
    async def get(self, get: Get) -> str:
        self._own.taken += 1
        return "here"

    @handles(Read)
    async def read(self, read: Read) -> AsyncIterator[int]:
        self._own.taken += 1
        yield 1


class Own:
    """This node, as one of those that offer the role."""

    id, state = str(LOCAL), State.STOPS

    def __init__(self, bus: Bus) -> None:
        self.taken, self.end = 0, asyncio.Event()
        self._ref: Ref[Full] = bus.spawn(Full, self)
        bus.offer([Capability("archive")])

    async def fill(self, bus: Bus) -> None:
        """Have it full."""
        await bus.tell(LOCAL / Blocks, Append(-1))
        await asyncio.sleep(0.1)
        await bus.tell(LOCAL / Blocks, Append(-1))

    def described(self) -> None:
        """It stops."""
        self._ref.stop(block=False)
        self.end.set()


async def _items(_read: Read) -> AsyncIterator[int]:
    yield 1


async def _awaited(outcome: Outcome[object]) -> object:
    return await outcome


async def _first(stream: Stream[int]) -> int:
    async with stream:
        async for item in stream:
            return item
    raise AssertionError("a stream without items")


ARCHIVE = Role("archive") / Blocks
KINDS = ("ask", "ask idempotent", "ask hedged", "tell", "tell_many", "stream")


def may_go_on(kind: str, state: State) -> bool:
    """Whether another is tried after one of that state, which has not taken the send."""
    return state is not State.CRASHES or kind in ("ask idempotent", "ask hedged", "stream")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(60))
async def test_somebody_who_can_take_it_does_or_the_error_names_all_that_were_tried(kind: str, seed: int) -> None:
    rng = Random(f"{kind} {seed}")
    async with Bus(rng=Random(seed)) as bus, AsyncExitStack() as stack:
        peers: list[StatePeer | Own] = [
            await stack.enter_async_context(StatePeer(bus, rng.choice(PEERS), f"peer {number}"))
            for number in range(rng.randrange(1, 7))
        ]
        if rng.random() < 0.5:
            own = Own(bus)
            await own.fill(bus)
            peers.append(own)
        to = rng.choice([ARCHIVE, Role("archive", Key(str(seed))) / Blocks])
        sending = asyncio.ensure_future(_sent(bus, kind, to))
        for peer in rng.sample(peers, len(peers)):
            await asyncio.sleep(rng.choice([0, 0.1]))
            peer.described()
        (result,) = await asyncio.gather(sending, return_exceptions=True)
        judge(kind, {peer.id: peer for peer in peers}, result)


async def _sent(bus: Bus, kind: str, to: Address[Get | Append | Read]) -> object:
    match kind:
        case "ask":
            return await bus.ask(to, Append(1), timeout=5)
        case "ask idempotent":
            return await bus.ask(to, Get(1), timeout=5)
        case "ask hedged":
            return await bus.ask(to, Get(1), timeout=5, hedge=0.05)
        case "tell":
            return await _awaited(bus.tell(to, Append(1), timeout=5))
        case "tell_many":
            return await _awaited(bus.tell_many(to, [Append(1), Append(2)], timeout=5))
        case _:
            return await _first(bus.stream(to, Read(1), timeout=5))


def judge(kind: str, peers: dict[str, StatePeer | Own], result: object) -> None:
    """Hold a send to the laws."""
    takes = [State.ABLE, State.COMES, *([State.CRASHES] if kind == "tell" else [])]
    if kind in ("ask", "tell", "tell_many"):
        assert sum(peer.taken for peer in peers.values()) <= (2 if kind == "tell_many" else 1)
    if not isinstance(result, BaseException):
        assert any(peer.taken for peer in peers.values() if peer.state in takes)
        return
    assert isinstance(result, SendError), result
    offered = [peer for peer in peers.values() if peer.state is not State.WITHOUT]
    if not offered:
        return  # it says what is wrong with those that there are
    tried = [peers[name].state for name in result.tried]
    assert tried
    assert len({*result.tried}) == len(tried)
    assert not any(state in takes for state in tried)
    assert all(may_go_on(kind, state) for state in tried[:-1])
    if not may_go_on(kind, tried[-1]) or sum(state is not State.REFUSES for state in tried) >= MAX_TRIES:
        return
    left = [peer for peer in offered if peer.id not in result.tried]
    assert not any(peer.state in takes for peer in left), "one that could have taken it was left out"


@pytest.mark.parametrize("kind", ["ask", "tell"])
@pytest.mark.parametrize("seed", range(30))
async def test_a_send_to_several_has_one_outcome_for_each(kind: str, seed: int) -> None:
    rng = Random(f"several {kind} {seed}")
    everybody = Role("archive", pick="all") / Blocks
    async with Bus(rng=Random(seed)) as bus, AsyncExitStack() as stack:
        peers = [
            await stack.enter_async_context(StatePeer(bus, rng.choice(PEERS), f"peer {number}"))
            for number in range(rng.randrange(1, 7))
        ]
        able = {peer.id for peer in peers if peer.state not in (State.WITHOUT, *COMING)}
        sending = asyncio.ensure_future(
            _awaited(bus.tell(everybody, Append(1)) if kind == "tell" else bus.ask(everybody, Append(1)))
        )
        for peer in peers:
            await asyncio.sleep(0.1)
            peer.described()
        results = await sending
        assert isinstance(results, Results)
        names = {*results.answers, *results.errors}
        assert not {*results.answers} & {*results.errors}
        if able:
            assert names == able
        assert set(results.answers) <= {peer.id for peer in peers if peer.taken}
