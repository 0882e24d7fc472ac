"""What whole nodes promise, on many seeds each: a seed that fails here fails the same way every time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random

import pytest

from peerbus.actors import Address, Channel, DeadLetter, Peer, Reactor, SendError, handles
from peerbus.discovery import PeerDown, PeerOptions, PeerUp
from peerbus.node import Node
from peerbus.testing import LogNormal, Simulation, Uniform

#: Enough for a change to be tried on; `make soak` takes thousands.
seeds = pytest.mark.seeds(30)
HEARTBEAT = 1.0
#: Quick to come back, so that little virtual time has to pass.
OPTIONS = PeerOptions(disconnect_cooldown=0.2, max_retry=2.0, max_retry_persistent=2.0)


@dataclass(frozen=True)
class Numbered:
    number: int


@dataclass(frozen=True)
class Taken:
    number: int


class Inbox(Reactor):
    """Keeps what came, by sender."""

    channel = Channel("inbox", messages=(Numbered, Taken))

    def __init__(self, seen: list[tuple[str, int]]) -> None:
        super().__init__()
        self._seen = seen

    @handles(Numbered)
    def take(self, message: Numbered, sender: Address[object] | None) -> Taken:
        assert sender is not None
        assert isinstance(sender.where, Peer)
        self._seen.append((sender.where.id, message.number))
        return Taken(message.number)


@dataclass
class Pair:
    """Two nodes with an inbox each."""

    sim: Simulation
    nodes: tuple[Node, Node]
    seen: tuple[list[tuple[str, int]], list[tuple[str, int]]]

    @property
    def connected(self) -> bool:
        """Either can send to the other."""
        one, other = self.nodes
        return other.node_id in one.peers and one.node_id in other.peers

    def check_one_connection(self) -> None:
        """There is exactly one, and both sides mean the same."""
        (left,), (right,) = (node.snapshot().connections.values() for node in self.nodes)
        assert left.dialed is not right.dialed
        assert len(self.sim.network.streams(*self.nodes)) == 1


#: From none to what a bad line has.
LATENCIES: tuple[float | Uniform | LogNormal, ...] = (0.0, 0.001, Uniform(0.0, 0.05), LogNormal(0.02, 1.0))
SLOWNESSES: tuple[float | Uniform, ...] = (0.0, Uniform(0.0, 0.3))


async def pair(sim: Simulation, *, dialers: tuple[str, ...] = ("alice", "bob")) -> Pair:
    """Two nodes on a network that the seed chose; `dialers` know the address of the other one."""
    rng = sim.rng
    latency = rng.choice(LATENCIES)
    sim.network.shape(latency=latency, jitter=rng.choice([0.0, 0.02]), bandwidth=rng.choice([None, 1e6]))
    seen: tuple[list[tuple[str, int]], list[tuple[str, int]]] = ([], [])
    alice, bob = await asyncio.gather(
        *(
            sim.node(
                name,
                discover=False,
                reactors=[partial(Inbox, kept)],
                peers=[other] if name in dialers else (),
                options=OPTIONS,
                heartbeat=HEARTBEAT,
            )
            for name, other, kept in (("alice", "bob", seen[0]), ("bob", "alice", seen[1]))
        )
    )
    return Pair(sim, (alice, bob), seen)


@seeds
async def test_a_simultaneous_dial_ends_with_one_connection_that_both_sides_mean(sim: Simulation) -> None:
    both = await pair(sim, dialers=())
    alice, bob = both.nodes
    with alice.subscribe(PeerUp, PeerDown) as heard:
        alice.dial("memory://bob")
        await sim.run_for(sim.rng.choice([0.0, 0.0, sim.rng.uniform(0.0, 0.2)]))
        bob.dial("memory://alice")
        await sim.until(lambda: both.connected, within=10)
        await sim.run_for(6)
        both.check_one_connection()
        told = heard.get_nowait()
        assert isinstance(told, PeerUp)
        assert heard.get_nowait() is None


@seeds
async def test_a_silent_partition_is_noticed_in_time_and_heals_without_duplicates(sim: Simulation) -> None:
    both = await pair(sim)
    alice, bob = both.nodes
    await sim.until(lambda: both.connected, within=20)
    await sim.run_for(sim.rng.uniform(5.0, 15.0))
    with alice.subscribe(PeerUp, PeerDown) as heard:
        # What each has learnt of the other's rhythm is what bounds its patience.
        bound = max(view.patience for node in both.nodes for view in node.snapshot().connections.values())
        assert bound < 10 * HEARTBEAT
        sim.network.silence("alice", "bob")
        await sim.until(lambda: not alice.peers and not bob.peers, within=bound)
        await sim.run_for(sim.rng.uniform(0.0, 10.0))
        sim.network.heal()
        await sim.until(lambda: both.connected, within=20)
        await sim.run_for(6)
        both.check_one_connection()
        events = list(iter(heard.get_nowait, None))
    kinds = [type(event) for event in events]
    assert kinds == [PeerDown, PeerUp] * (len(kinds) // 2)
    assert kinds


async def faults(sim: Simulation, rng: Random, rounds: int) -> None:
    """Make trouble between alice and bob, and end it."""
    network = sim.network
    for _ in range(rounds):
        await sim.run_for(rng.uniform(0.1, 1.5))
        match rng.randrange(8):
            case 0:
                network.break_streams("alice", "bob")
            case 1:
                network.silence("alice", "bob")
            case 2:
                network.cut(*rng.sample(["alice", "bob"], 2))
            case 3:
                network.half_open(*rng.sample(["alice", "bob"], 2))
            case 4:
                network.shape(buffer=rng.choice([1, 16, 1000]), latency=rng.choice(SLOWNESSES))
            case 5:
                network.shape(loss=0.02)
            case 6:
                sim.pause("bob")
                await sim.run_for(rng.uniform(0.0, 8.0))
                sim.resume("bob")
            case _:
                network.slow_reader("alice", "bob", 2000.0)
        await sim.run_for(rng.uniform(0.0, 8.0))
        network.heal()
        network.shape(loss=0.0, buffer=65536, bandwidth=None)


@dataclass
class Told:
    """What a sender was told of its messages."""

    failed: set[int]
    sent: int = 0


class Talker(Reactor):
    """Sends numbers to the other node's inbox, each once."""

    channel = Channel("talker", messages=(Taken,))

    def __init__(self, to: Callable[[], str], told: Told, rng: Random) -> None:
        super().__init__()
        self._to, self._told, self._rng = to, told, rng

    @handles(Taken)
    async def talk(self, message: Taken) -> None:
        told, rng = self._told, self._rng
        for _ in range(message.number):
            number = told.sent
            told.sent += 1
            try:
                await self.tell(Peer(self._to()) / "inbox", Numbered(number), timeout=rng.choice([0.01, 1.0]))
            except SendError:
                told.failed.add(number)
            if rng.random() < 0.5:
                await asyncio.sleep(rng.expovariate(20.0))


async def talk(both: Pair, messages: int) -> tuple[Told, Told]:
    """Both send to each other while the network is in trouble; returns what they were told when all is over."""
    sim, (alice, bob) = both.sim, both.nodes
    told = Told(set()), Told(set())
    with alice.subscribe(DeadLetter) as alices, bob.subscribe(DeadLetter) as bobs:
        for at, (node, to) in enumerate(((alice, bob), (bob, alice))):
            rng = sim.rng_for(f"talker {at}")
            ref = node.spawn(lambda to=to, at=at, rng=rng: Talker(lambda: to.node_id, told[at], rng))
            await node.tell(ref, Taken(messages))
        await faults(sim, sim.rng, 4)
        await sim.until(lambda: all(each.sent == messages for each in told), within=600)
        await sim.until(lambda: both.connected, within=60)
        await sim.run_for(20)
        await sim.quiet()
        for each, letters in zip(told, (alices, bobs), strict=True):
            for letter in iter(letters.get_nowait, None):
                if isinstance(letter.message, Numbered):
                    each.failed.add(letter.message.number)
    return told


@seeds
async def test_no_message_comes_twice_or_out_of_order_or_is_lost_without_its_sender_being_told(sim: Simulation) -> None:
    both = await pair(sim)
    await sim.until(lambda: both.connected, within=20)
    told = await talk(both, 60)
    for sender, receiver in ((0, 1), (1, 0)):
        numbers = [number for node_id, number in both.seen[receiver] if node_id == both.nodes[sender].node_id]
        assert len(numbers) == len(set(numbers)), "delivered twice"
        assert numbers == sorted(numbers), "out of order"
        lost = set(range(told[sender].sent)) - set(numbers) - told[sender].failed
        assert not lost, "lost without a word"


def check_ledgers(node: Node) -> None:
    """Every message is delivered, failed for a reason, or pending."""
    snapshot = node.snapshot()
    for name, box in snapshot.actors.actors.items():
        assert box.sent == box.delivered + sum(box.failed.values()) + box.waiting, name
    for connection in snapshot.connections.values():
        for name, lane in connection.lanes.items():
            pending = lane.waiting + lane.queued + lane.unconfirmed
            assert lane.sent == lane.delivered + sum(lane.failed.values()) + pending, name


@seeds
async def test_every_message_is_accounted_for_whenever_all_is_quiet(sim: Simulation) -> None:
    both = await pair(sim)
    talking = asyncio.create_task(talk(both, 40))
    try:
        for _ in range(6):
            await sim.run_for(sim.rng.uniform(0.0, 4.0))
            await sim.quiet()
            for node in both.nodes:
                check_ledgers(node)
    finally:
        await talking
    for node in both.nodes:
        check_ledgers(node)


@seeds
async def test_a_node_that_stops_at_any_moment_leaves_nothing_behind(sim: Simulation) -> None:
    both = await pair(sim)
    alice, bob = both.nodes

    async def ask() -> None:
        while True:
            try:
                await alice.ask(Peer(bob.node_id) / "inbox", Numbered(0), reply=Taken, timeout=0.5)
            except SendError:
                await asyncio.sleep(0.01)

    asking = [asyncio.create_task(ask()) for _ in range(3)]
    events = sim.loop.events + sim.rng.randrange(1500)
    await sim.until(lambda: sim.loop.events >= events, within=600)
    stopping = [asyncio.create_task(node.aclose()) for node in sim.rng.sample(both.nodes, sim.rng.choice([1, 2]))]
    await asyncio.gather(*stopping)
    for task in asking:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
