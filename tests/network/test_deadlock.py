"""Sends that wait for each other across nodes, on many seeds: the error comes early and names the circle."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import partial

import pytest

from peerbus.actors import LOCAL, Address, Channel, Peer, Reactor, RemoteError, Request, Stream, handles
from peerbus.node import Node
from peerbus.testing import Simulation, Uniform

seeds = pytest.mark.seeds(40)
#: Seconds: the deadline of every send, and what a circle may take at most on links of up to 50 ms.
LONG = 600.0
LATENCIES: tuple[float | Uniform, ...] = (0.0, 0.001, Uniform(0.0, 0.05))
SOON = 3.0


@dataclass(frozen=True)
class Go:
    """Pass on to the next of the ring, that many times."""

    hops: int


@dataclass(frozen=True)
class Done:
    by: int


@dataclass(frozen=True)
class Read:
    """Read the stream of the next of the ring."""

    hops: int


@dataclass(frozen=True)
class Flow(Request[Stream[Done]]):
    """A stream; each item of it is asked of the next one."""

    hops: int


RING = [Channel(f"ring{place}", messages=(Go, Done, Read, Flow)) for place in range(6)]


class Place(Reactor):
    """One place of a ring; whoever asks it holds it until the next one has answered."""

    def __init__(self, place: int, to: Callable[[], Address[object]]) -> None:
        super().__init__()
        self._place, self._to = place, to

    @handles(Go)
    async def go(self, go: Go) -> Done:
        if go.hops:
            await self.ask(self._to(), Go(go.hops - 1), reply=Done, timeout=LONG)
        return Done(self._place)

    @handles(Read)
    async def read(self, read: Read) -> Done:
        if read.hops:
            async for _ in self.stream(self._to(), Flow(read.hops - 1), timeout=LONG):
                pass
        return Done(self._place)

    @handles(Flow)
    async def flow(self, flow: Flow) -> AsyncIterator[Done]:
        yield Done(self._place)
        if flow.hops:
            yield await self.ask(self._to(), Read(flow.hops - 1), reply=Done, timeout=LONG)


def place_class(place: int) -> type[Place]:
    return type(f"Place{place}", (Place,), {"channel": RING[place]})


@dataclass
class Ring:
    """Actors in a circle, spread over nodes."""

    nodes: Sequence[Node]
    #: Which node each place is on.
    homes: Sequence[int]

    def address(self, place: int) -> Address[object]:
        place %= len(self.homes)
        return Peer(self.nodes[self.homes[place]].node_id) / f"ring{place}"

    def text(self, place: int) -> str:
        return str(self.address(place))


async def settled(sim: Simulation, nodes: Sequence[Node]) -> None:
    """All are connected, by the one connection that stays where two nodes dialed each other."""
    await sim.until(lambda: all(len(node.peers) == len(nodes) - 1 for node in nodes), within=20)
    await sim.run_for(6)


async def ring(sim: Simulation, sizes: Sequence[int] = range(2, 7)) -> Ring:
    rng = sim.rng
    size, count = rng.choice(sizes), rng.randrange(2, 4)
    sim.network.shape(latency=rng.choice(LATENCIES))
    homes = [rng.randrange(count) for _ in range(size)]
    if len(set(homes)) == 1:
        homes[0] = (homes[0] + 1) % count
    made: list[Node] = []
    circle = Ring(made, homes)

    def to(place: int, home: int) -> Address[object]:
        there = (place + 1) % size
        if homes[there] == home:
            return LOCAL / f"ring{there}"
        return circle.address(there)

    made += await asyncio.gather(
        *(
            sim.node(
                f"node{home}",
                reactors=[partial(place_class(p), p, partial(to, p, home)) for p in range(size) if homes[p] == home],
                channels=RING,
            )
            for home in range(count)
        )
    )
    return circle


async def outcome(node: Node, to: Address[object], hops: int) -> Done | RemoteError:
    try:
        return await node.ask(to, Go(hops), reply=Done, timeout=LONG)
    except RemoteError as error:
        return error


@seeds
async def test_a_ring_of_asks_over_several_nodes_ends_with_one_error_that_names_it(sim: Simulation) -> None:
    circle = await ring(sim)
    size = len(circle.homes)
    asker = await sim.node("asker", channels=RING)
    await settled(sim, [*circle.nodes, asker])
    began = sim.time
    # Exactly one place too many: the last ask comes back to the first place, which waits.
    answer = await outcome(asker, circle.address(0), size)
    assert isinstance(answer, RemoteError)
    assert "Deadlock" in str(answer)
    named = [place for place in range(size) if circle.text(place) in str(answer)]
    assert named == list(range(size))
    assert sim.time - began < SOON
    for place in range(size):
        assert await outcome(asker, circle.address(place), 0) == Done(place)


@seeds
async def test_a_ring_of_handlers_and_generators_that_wait_for_streams_and_answers_is_named(sim: Simulation) -> None:
    circle = await ring(sim, sizes=(2, 4, 6))
    size = len(circle.homes)
    asker = await sim.node("asker", channels=RING)
    await settled(sim, [*circle.nodes, asker])
    began = sim.time
    # A generator holds nobody: the circle is closed by the handlers between them, at every other place.
    with pytest.raises(RemoteError, match="Deadlock") as raised:
        await asker.ask(circle.address(0), Read(size), reply=Done, timeout=LONG)
    assert [place for place in range(size) if circle.text(place) not in str(raised.value)] == []
    assert "beside" not in str(raised.value)
    assert sim.time - began < SOON
    for place in range(size):
        assert await outcome(asker, circle.address(place), 0) == Done(place)
    for node in circle.nodes:
        assert node.snapshot().ledger.balanced


@seeds
async def test_chains_that_meet_end_soon_and_only_circles_are_cut(sim: Simulation) -> None:
    circle = await ring(sim)
    size = len(circle.homes)
    asker = await sim.node("asker", channels=RING)
    await settled(sim, [*circle.nodes, asker])
    began = sim.time
    # From each place halfway round and more, so that each runs into the next.
    hops = [sim.rng.randrange(1, size) for _ in range(size)]
    answers = await asyncio.gather(*(outcome(asker, circle.address(p), hops[p]) for p in range(size)))
    assert sim.time - began < SOON * size
    for answer in answers:
        assert answer.__class__ is Done or "wait for each other" in str(answer)
    cut = [answer for answer in answers if isinstance(answer, RemoteError)]
    # One failed wait opens the circle; those behind it hear of it, and the rest is answered.
    assert len(cut) < size
    for node in circle.nodes:
        for name, box in node.snapshot().actors.actors.items():
            assert box.sent == box.delivered + sum(box.failed.values()) + box.waiting, name


@dataclass(frozen=True)
class Flood:
    count: int


@dataclass(frozen=True)
class Drop:
    number: int


PONDS = [Channel(name, messages=(Flood, Drop), mailbox=8, window=4) for name in ("left", "right")]


class Pond(Reactor):
    """Pours into the other one, and takes nothing meanwhile."""

    def __init__(self, to: Callable[[], Address[object]]) -> None:
        super().__init__()
        self._to = to

    @handles(Flood)
    async def flood(self, flood: Flood) -> int:
        for number in range(flood.count):
            await self.tell(self._to(), Drop(number), timeout=LONG)
        return flood.count

    @handles(Drop)
    def drop(self, _: Drop) -> None:
        """One less."""


class Left(Pond):
    channel = PONDS[0]


class Right(Pond):
    channel = PONDS[1]


@seeds
async def test_two_reactors_that_wait_for_each_others_credit_are_a_circle(sim: Simulation) -> None:
    sim.network.shape(latency=sim.rng.choice(LATENCIES))
    nodes: list[Node] = []
    nodes += await asyncio.gather(
        sim.node("a", reactors=[partial(Left, lambda: Peer(nodes[1].node_id) / "right")], channels=PONDS),
        sim.node("b", reactors=[partial(Right, lambda: Peer(nodes[0].node_id) / "left")], channels=PONDS),
    )
    a, b = nodes
    await settled(sim, nodes)
    began = sim.time
    results = await asyncio.gather(
        a.ask(Peer(b.node_id) / "right", Flood(100), timeout=LONG),
        b.ask(Peer(a.node_id) / "left", Flood(100), timeout=LONG),
        return_exceptions=True,
    )
    assert sim.time - began < SOON + 100 * 0.2
    failed = [result for result in results if result != 100]
    assert len(failed) == 1
    first, other = sorted((f"bus://{a.node_id}/left", f"bus://{b.node_id}/right"))
    assert f"{first} → {other} → {first}" in str(failed[0])
