"""How much a peer may send, between whole nodes: its credit is held back, nothing is lost, and others do not notice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from peerbus.actors import Channel, DeadlineExceeded, Peer, Rate, Reactor, handles
from peerbus.node import Node, PeerRates
from peerbus.testing import Simulation

RATE, BURST = 40, 60


@dataclass(frozen=True)
class Note:
    number: int
    body: bytes = b""


@dataclass(frozen=True)
class Hold:
    number: int


class Desk(Reactor):
    """Notes when each message came, and answers what it is told to hold when it is let."""

    channel = Channel("desk", messages=(Note, Hold))

    def __init__(self, clock: Callable[[], float], most: list[int] | None = None) -> None:
        super().__init__()
        self.came: list[tuple[float, int]] = []
        self._clock = clock
        self._open = 0
        self._most = [0] if most is None else most

    @handles(Note)
    def note(self, note: Note) -> Note:
        self.came.append((self._clock(), note.number))
        TIMES.append(self._clock())
        return note

    @handles(Hold, reentrant=True)
    async def hold(self, hold: Hold) -> Hold:
        self._open += 1
        self._most[0] = max(self._most[0], self._open)
        await asyncio.sleep(0.1)
        self._open -= 1
        return hold


#: When messages came, of the test that runs.
TIMES: list[float] = []


async def pair(sim: Simulation, most: list[int] | None = None, **more: Rate | PeerRates) -> tuple[Node, Node]:
    TIMES.clear()
    alice = await sim.node("alice", reactors=[lambda: Desk(sim.loop.time, most)], **more)  # type: ignore[arg-type]
    bob = await sim.node("bob", channels=[Desk.channel])
    await sim.until(lambda: bob.node_id in alice.peers and alice.node_id in bob.peers, within=10)
    return alice, bob


def most_in(seconds: float, times: list[float]) -> int:
    return max(sum(begin <= at < begin + seconds for at in times) for begin in times)


@pytest.mark.seeds(1)
async def test_in_any_second_no_more_comes_than_the_rate_and_a_burst_and_nothing_is_lost(sim: Simulation) -> None:
    alice, bob = await pair(sim, rates=Rate(messages=RATE, messages_burst=BURST))
    began = sim.loop.time()
    for number in range(6 * RATE + BURST):
        await bob.tell(Peer(alice.node_id) / Desk, Note(number), timeout=30)
    await sim.until(lambda: len(TIMES) == 6 * RATE + BURST, within=30)
    assert most_in(1.0, TIMES) <= RATE + BURST
    assert 5.5 <= TIMES[-1] - began <= 7.0  # as fast as that, and no slower
    arrived = alice.snapshot().ledger.arrived["desk"]
    assert (arrived.delivered, arrived.failed) == (6 * RATE + BURST, {})
    (connection,) = alice.snapshot().connections.values()
    assert connection.rates["desk"].rate == "40 messages/s, 60 at once"
    assert alice.snapshot().carried.held["desk"] > 4
    await sim.run_for(15)
    assert bob.snapshot().ledger.remote["desk"].pending == 0


@pytest.mark.seeds(1)
async def test_bytes_have_a_rate_of_their_own_and_a_send_that_cannot_wait_says_what_it_waited_for(
    sim: Simulation,
) -> None:
    alice, bob = await pair(sim, rates=Rate(bytes=10_000, bytes_burst=20_000))
    for number in range(19):
        await bob.tell(Peer(alice.node_id) / Desk, Note(number, bytes(1000)), timeout=0.02)
    with pytest.raises(DeadlineExceeded) as late:
        await bob.tell(Peer(alice.node_id) / Desk, Note(19, bytes(1000)), timeout=0.02)
    assert late.value.phase == "credit"
    began, before = sim.loop.time(), len(TIMES)
    for number in range(50):
        await bob.tell(Peer(alice.node_id) / Desk, Note(number, bytes(1000)), timeout=30)
    await sim.until(lambda: len(TIMES) >= before + 50, within=30)
    assert 4.0 <= sim.loop.time() - began <= 7.5


@pytest.mark.seeds(1)
async def test_so_many_asks_are_in_flight_and_the_others_wait_their_turn(sim: Simulation) -> None:
    most = [0]
    alice, bob = await pair(sim, most, rates=PeerRates(None, {"desk": Rate(asks=3)}))
    asks = [bob.ask(Peer(alice.node_id) / Desk, Hold(number), reply=Hold, timeout=10) for number in range(30)]
    assert [answer.number for answer in await asyncio.gather(*asks)] == list(range(30))
    assert most == [3]
    given_up = [bob.ask(Peer(alice.node_id) / Desk, Hold(number), reply=Hold, timeout=0.05) for number in range(9)]
    ended = await asyncio.gather(*given_up, return_exceptions=True)
    assert all(isinstance(each, DeadlineExceeded) for each in ended)
    assert await bob.ask(Peer(alice.node_id) / Desk, Hold(7), reply=Hold, timeout=10) == Hold(7)
    await bob.tell(Peer(alice.node_id) / Desk, Note(1))
    (connection,) = alice.snapshot().connections.values()
    assert connection.rates["desk"].asks == 0


@pytest.mark.seeds(1)
async def test_another_peer_is_as_quick_as_before_and_other_rates_hold_at_once(sim: Simulation) -> None:
    alice, bob = await pair(sim, rates=Rate(messages=10, messages_burst=5))
    carol = await sim.node("carol", channels=[Desk.channel])
    await sim.until(lambda: carol.node_id in alice.peers and alice.node_id in carol.peers, within=10)
    flood = asyncio.ensure_future(
        asyncio.gather(*(bob.tell(Peer(alice.node_id) / Desk, Note(number), timeout=60) for number in range(100)))
    )
    await sim.run_for(1)
    began = sim.loop.time()
    assert await carol.ask(Peer(alice.node_id) / Desk, Note(1), timeout=5) == Note(1)
    assert sim.loop.time() - began < 0.2
    assert await alice.set_rates(None)
    await flood
    assert sim.loop.time() - began < 1.0
    assert await alice.set_rates(Rate(messages=10, messages_burst=5))
    await sim.run_for(1)
    TIMES.clear()
    began = sim.loop.time()
    for number in range(1100):  # first what it has credit for, which nobody can take back
        await bob.tell(Peer(alice.node_id) / Desk, Note(number), timeout=60)
    assert sim.loop.time() - began > 5


@pytest.mark.seeds(1)
async def test_a_peer_gains_one_burst_at_most_by_new_connections(sim: Simulation) -> None:
    alice, bob = await pair(sim, rates=Rate(messages=10, messages_burst=20))
    began = sim.loop.time()
    for _ in range(6):
        for number in range(30):
            try:
                await bob.tell(Peer(alice.node_id) / Desk, Note(number), timeout=0.2)
            except DeadlineExceeded:
                break
        assert await bob.disconnect(alice.node_id)
        await sim.until(lambda: alice.node_id not in bob.peers, within=10)
        assert await bob.dial("memory://alice") or True
        await sim.until(lambda: bob.node_id in alice.peers and alice.node_id in bob.peers, within=30)
    assert len(TIMES) <= 10 * (sim.loop.time() - began) + 2 * 20 + 6
