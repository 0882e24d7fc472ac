"""Nodes that shut down: what they still do, in which order they end, and what their peers make of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec
import pytest
from clusters import Cluster, SlowNetwork, assert_ledgers
from virtual_time import eventually, in_virtual_time, outcome_of

from peerbus.actors import (
    LOCAL,
    Actor,
    ActorTerminated,
    Address,
    Channel,
    DeadLetter,
    NoRoute,
    Peer,
    Reactor,
    RemoteError,
    Role,
    SendError,
    ShutdownStarted,
    ShuttingDown,
    handles,
)
from peerbus.actors.router import LinkDown
from peerbus.discovery import PeerDown, Require, RequirementUnmet
from peerbus.node import Node
from peerbus.testing import Simulation, Uniform
from peerbus.transports.connection.connection import PeerConnection
from peerbus.transports.wire.frames import Ask, Frame, GoAway, Tell
from peerbus.transports.wire.hello import Hello


@dataclass(frozen=True)
class Job:
    """`seconds` of work; then `to`'s reactor `desk` is told, or asked, with the number."""

    number: int
    to: str
    seconds: float = 0.0
    asks: bool = False


@dataclass(frozen=True)
class Item:
    number: int
    seconds: float = 0.0
    data: bytes = b""


class Desk(Reactor):
    """Takes items, each after a while."""

    channel = Channel("desk", messages=(Item,), window=4, timeout=60.0)

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[int] = []

    @handles(Item)
    async def take(self, item: Item) -> int:
        if item.seconds:
            await asyncio.sleep(item.seconds)
        self.kept.append(item.number)
        return item.number


class Jobs(Reactor):
    """Works on one job after the other."""

    channel = Channel("jobs", messages=(Job,), timeout=60.0)

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[object] = []
        self.failed: list[Exception] = []

    @handles(Job)
    async def work(self, job: Job) -> int:
        to: Address[Any] = (Role(job.to[5:]) if job.to.startswith("role:") else Peer(job.to)) / Desk
        try:
            await asyncio.sleep(job.seconds)
            if job.asks:
                self.answers.append(await self.ask(to, Item(job.number), timeout=60))
            else:
                await self.tell(to, Item(job.number), timeout=60)
        except (SendError, RemoteError) as error:
            self.failed.append(error)
        return job.number


def actor(node: Node, name: str) -> Any:
    cell = node.bus.cell(name)
    assert cell is not None
    return cell.actor


def worker(cluster: Cluster, name: str = "worker", *, timeout: float = 5.0, **options: Any) -> Node:
    return cluster.node(name, channels=[Desk.channel], reactors=[Jobs], shutdown_timeout=timeout, **options)


def clock() -> float:
    return asyncio.get_running_loop().time()


@pytest.mark.parametrize("latency", [0.0, 0.02])
@pytest.mark.parametrize("asks", [False, True])
@in_virtual_time
async def test_jobs_at_hand_reach_the_peer_before_the_node_ends(latency: float, *, asks: bool) -> None:
    cluster = Cluster(1, SlowNetwork(1, most=latency))
    node = worker(cluster, peers=("peer",))
    peer = cluster.node("peer", reactors=[Desk])
    async with cluster.running(peer, node):
        jobs, desk = actor(node, "jobs"), actor(peer, "desk")
        for number in range(10):
            await node.tell(LOCAL / Jobs, Job(number, peer.node_id, 0.05, asks))
        with node.subscribe(DeadLetter) as letters:
            await node.aclose()
            assert letters.get_nowait() is None
        assert jobs.failed == []
        assert desk.kept == list(range(10))
        assert jobs.answers == (list(range(10)) if asks else [])
        assert_ledgers(peer)


@in_virtual_time
async def test_the_work_at_hand_has_the_whole_time_also_with_a_peer() -> None:
    cluster = Cluster(2)
    node = worker(cluster, peers=("peer",), timeout=4.0)
    peer = cluster.node("peer", reactors=[Desk])
    async with cluster.running(peer, node):
        jobs = actor(node, "jobs")
        await node.tell(LOCAL / Jobs, Job(1, peer.node_id, 3.8, asks=True))
        await asyncio.sleep(0)
        before = clock()
        await node.aclose()
        assert 3.8 <= clock() - before < 4.0
        assert jobs.answers == [1]


@in_virtual_time
async def test_a_peer_waits_for_a_long_shutdown_and_hears_of_it_at_once() -> None:
    cluster = Cluster(3)
    node = worker(cluster, peers=("peer",), timeout=1800.0)
    peer = cluster.node("peer", channels=[Jobs.channel], reactors=[Desk])
    async with cluster.running(peer, node):
        jobs = actor(node, "jobs")
        await node.tell(LOCAL / Jobs, Job(1, peer.node_id, 1500.0, asks=True))
        await asyncio.sleep(0)
        with peer.subscribe(PeerDown) as downs:
            closing = asyncio.ensure_future(node.aclose())
            await asyncio.sleep(0.1)
            assert node.node_id not in peer.peers
            assert type(await outcome_of(peer.ask(Peer(node.node_id) / Jobs, Job(2, peer.node_id)))) is NoRoute
            down = downs.get_nowait()  # it cannot be sent to any more
            assert down is not None
            assert (down.node_id, down.reason) == (node.node_id, "peer_shutting_down")
            await closing
            await asyncio.sleep(1)
            assert downs.get_nowait() is None
        assert jobs.failed == []
        assert jobs.answers == [1]
        assert actor(peer, "desk").kept == [1]


@in_virtual_time
async def test_what_a_peer_had_sent_before_it_heard_is_refused_and_not_in_doubt() -> None:
    cluster = Cluster(4, SlowNetwork(4, most=0.1))
    node = worker(cluster, peers=("peer",))
    peer = cluster.node("peer", channels=[Jobs.channel], reactors=[Desk])
    async with cluster.running(peer, node):
        with peer.subscribe(DeadLetter) as letters:
            ask = asyncio.ensure_future(outcome_of(peer.ask(Peer(node.node_id) / Jobs, Job(1, peer.node_id))))
            await peer.tell(Peer(node.node_id) / Jobs, Job(2, peer.node_id))
            await asyncio.sleep(0)
            await node.aclose()
            refused = await ask
            assert isinstance(refused, ShuttingDown)
            assert refused.never_sent
            reasons = {(await letters.get()).reason for _ in range(1)}
        assert reasons == {"shutting_down"}
        assert actor(peer, "desk").kept == []


@in_virtual_time
async def test_an_ask_of_a_role_goes_on_to_another_peer_when_the_first_one_shuts_down() -> None:
    cluster = Cluster(5, SlowNetwork(5, most=0.05))
    desks = [cluster.node(f"desk{number}", reactors=[Desk], offers={"desk"}) for number in range(3)]
    client = cluster.node("client", peers=tuple(node.name for node in desks), channels=[Desk.channel])
    async with cluster.running(*desks, client):
        asks = [
            asyncio.ensure_future(outcome_of(client.ask(Role("desk") / Desk, Item(number), timeout=30)))
            for number in range(30)
        ]
        await asyncio.sleep(0)
        await asyncio.gather(*(node.aclose() for node in desks[:2]))
        assert await asyncio.gather(*asks) == list(range(30))  # not idempotent, and none was in doubt


@in_virtual_time
async def test_a_draining_reactor_asks_a_role_of_those_that_are_there() -> None:
    cluster = Cluster(6)
    desks = [cluster.node(f"desk{number}", reactors=[Desk], offers={"desk"}) for number in range(2)]
    node = worker(cluster, peers=tuple(each.name for each in desks), timeout=10.0)
    async with cluster.running(*desks, node):
        jobs = actor(node, "jobs")
        for number in range(5):
            await node.tell(LOCAL / Jobs, Job(number, "role:desk", 0.5, asks=True))
        closing = asyncio.ensure_future(node.aclose())
        await asyncio.sleep(0.6)
        await desks[0].aclose()
        await closing
        assert jobs.failed == []
        assert jobs.answers == list(range(5))


@in_virtual_time
async def test_a_tell_that_waits_for_credit_when_the_node_shuts_down_gets_it() -> None:
    cluster = Cluster(7)
    node = worker(cluster, peers=("peer",))
    peer = cluster.node("peer", reactors=[Desk])
    async with cluster.running(peer, node):
        jobs, desk = actor(node, "jobs"), actor(peer, "desk")
        for number in range(8):  # the window is 4
            await node.tell(Peer(peer.node_id) / Desk, Item(number, seconds=0.25), timeout=9)
        await node.tell(LOCAL / Jobs, Job(8, peer.node_id))
        await asyncio.sleep(0.01)
        before = clock()
        await node.aclose()
        assert clock() - before < 2.5
        assert jobs.failed == []
        await eventually(lambda: desk.kept == list(range(9)))


@pytest.mark.parametrize("slow", [0.0, 2.0])
@in_virtual_time
async def test_asks_of_plain_code_that_are_open_are_answered(slow: float) -> None:
    cluster = Cluster(8)
    node = worker(cluster, peers=("peer",))
    peer = cluster.node("peer", channels=[Jobs.channel], reactors=[Desk])
    async with cluster.running(peer, node):
        ours = asyncio.ensure_future(outcome_of(node.ask(Peer(peer.node_id) / Desk, Item(1, seconds=slow))))
        theirs = asyncio.ensure_future(outcome_of(peer.ask(Peer(node.node_id) / Jobs, Job(2, peer.node_id, slow))))
        await asyncio.sleep(0.01)
        await node.aclose()
        assert (await ours, await theirs) == (1, 2)


class Mutual(Reactor):
    """Asks the other one of its kind, which works for a while."""

    channel = Channel("mutual", messages=(Job, Item), timeout=60.0)

    def __init__(self) -> None:
        super().__init__()
        self.ends: list[object] = []

    @handles(Job, reentrant=True)
    async def begin(self, job: Job) -> None:
        self.ends.append(await outcome_of(self.ask(Peer(job.to) / Mutual, Item(job.number, job.seconds), timeout=60)))

    @handles(Item)
    async def work(self, item: Item) -> int:
        await asyncio.sleep(item.seconds)
        return item.number


@in_virtual_time
async def test_two_nodes_that_shut_down_at_once_answer_each_other() -> None:
    cluster = Cluster(9)
    one, two = (cluster.node(name, reactors=[Mutual]) for name in ("one", "two"))
    one._persistent = (*one._persistent,)
    async with cluster.running(one, two):
        one.dial("memory://two")
        await eventually(lambda: one.node_id in two.peers and two.node_id in one.peers)
        reactors = [actor(node, "mutual") for node in (one, two)]
        for node, other in ((one, two), (two, one)):
            await node.tell(LOCAL / Mutual, Job(1, other.node_id, 2.0))
        await asyncio.sleep(0.1)
        before = clock()
        await asyncio.gather(one.aclose(), two.aclose())
        assert clock() - before < 3.0
        assert [each.ends for each in reactors] == [[1], [1]]


@in_virtual_time
async def test_two_nodes_that_shut_down_and_wait_for_each_other_end_with_their_time() -> None:
    cluster = Cluster(10)
    one, two = (cluster.node(name, reactors=[Mutual], shutdown_timeout=3.0) for name in ("one", "two"))
    async with cluster.running(one, two):
        one.dial("memory://two")
        await eventually(lambda: one.node_id in two.peers and two.node_id in one.peers)
        reactors = [actor(node, "mutual") for node in (one, two)]
        for node, other in ((one, two), (two, one)):
            await node.tell(LOCAL / Mutual, Job(1, other.node_id, 1e6))
        await asyncio.sleep(0.1)
        before = clock()
        await asyncio.gather(one.aclose(), two.aclose())
        assert 3.0 <= clock() - before < 5.0
        assert all(isinstance(end, SendError) for each in reactors for end in each.ends)


@in_virtual_time
async def test_new_work_for_a_peer_that_shuts_down_too_is_refused_at_once() -> None:
    cluster = Cluster(11)
    node = worker(cluster, peers=("peer",))
    peer = cluster.node("peer", reactors=[Desk])
    async with cluster.running(peer, node):
        jobs = actor(node, "jobs")
        await peer.tell(LOCAL / Desk, Item(0, seconds=1))
        await node.tell(LOCAL / Jobs, Job(1, peer.node_id, 0.5, asks=True))
        await asyncio.sleep(0.01)
        before = clock()
        await asyncio.gather(node.aclose(), peer.aclose())
        assert clock() - before < 2.0
        (error,) = jobs.failed
        assert isinstance(error, NoRoute | ShuttingDown)


@in_virtual_time
async def test_the_order_of_the_end_of_a_node() -> None:
    cluster = Cluster(12)
    happened: list[str] = []

    class Child(Actor):
        def on_stop(self) -> None:
            happened.append("child")

    class Parent(Jobs):
        channel = Channel("parent", messages=(Job,), timeout=60.0)

        def on_start(self) -> None:
            self.spawn(Child, name="child")
            self.every(0.25, "tick")

        @handles(str)
        def tick(self, _: str) -> None:
            happened.append("tick")

        @handles(ShutdownStarted)
        def started(self, _: ShutdownStarted) -> None:
            happened.append("started")

        def on_stop(self) -> None:
            happened.append("parent")

    class Young(Reactor):
        channel = Channel("young", messages=(Item,))

        @handles(Item)
        def take(self, item: Item) -> None:
            happened.append(f"item {item.number}")

        def on_stop(self) -> None:
            happened.append("young")

    node = cluster.node(
        "node", peers=("one", "two"), channels=[Desk.channel], reactors=[Parent, Young], pex=True, shutdown_timeout=10.0
    )
    peers = [cluster.node(name, reactors=[Desk]) for name in ("one", "two")]
    async with cluster.running(*peers, node):
        desks = [actor(each, "desk") for each in peers]
        with node.subscribe(ActorTerminated, LinkDown, PeerDown) as events:
            parent = LOCAL / Parent
            for each in peers:
                await node.tell(parent, Job(1, each.node_id, 0.3, asks=True))
            await node.aclose()
            ends: list[str] = []
            while (event := events.get_nowait()) is not None:
                ends.append(event.actor if isinstance(event, ActorTerminated) else type(event).__name__)
    assert happened[:2] == ["started", "tick"]  # timers go on while it drains
    assert happened[-3:] == ["young", "child", "parent"]
    assert [desk.kept for desk in desks] == [[1], [1]]
    roads = [name for name in ends if name.startswith("peer-")]
    assert len(roads) == 2
    order = [name for name in ends if name not in ("LinkDown", "PeerDown")]
    assert order == [
        "young",
        "child",
        "parent",
        "peerbus.pex",
        "peerbus.node",
        *roads,
        "peerbus.peers",
        "peerbus.book",
        "peerbus.router",
    ]
    assert ends.index("parent") < ends.index("LinkDown") < ends.index(roads[-1])


# Whatever the network is like, and whoever stops when.


class Sender(Reactor):
    """Sends its jobs to the desks of peers, and keeps what became of each."""

    channel = Channel("sender", messages=(Job,), timeout=60.0)

    def __init__(self, ends: dict[int, object]) -> None:
        super().__init__()
        self.ends = ends

    @handles(Job)
    async def send(self, job: Job) -> None:
        await asyncio.sleep(job.seconds)
        to = Peer(job.to) / Desk
        send = self.ask(to, Item(job.number), timeout=60) if job.asks else self.tell(to, Item(job.number), timeout=60)
        self.ends[job.number] = await outcome_of(send)


LATENCIES: tuple[float | Uniform, ...] = (0.0, 0.001, Uniform(0.0, 0.05))


async def network(sim: Simulation, ends: dict[int, object]) -> tuple[Node, list[Node]]:
    """A node with a Sender, and two peers with a Desk, connected."""
    rng = sim.rng
    sim.network.shape(latency=rng.choice(LATENCIES), bandwidth=rng.choice([None, 1e6]))
    desks = [await sim.node(name, discover=False, reactors=[Desk], shutdown_timeout=30.0) for name in ("one", "two")]
    node = await sim.node(
        "node",
        discover=False,
        peers=["one", "two"],
        reactors=[partial(Sender, ends)],
        channels=[Desk.channel],
        shutdown_timeout=30.0,
    )
    await sim.until(lambda: len(node.peers) == 2 and all(desk.peers for desk in desks), within=10)
    return node, desks


def jobs_of(sim: Simulation, desks: list[Node]) -> list[Job]:
    rng = sim.rng
    return [
        Job(number, rng.choice(desks).node_id, rng.choice([0.0, rng.uniform(0.0, 0.5)]), rng.random() < 0.5)
        for number in range(rng.randrange(1, 30))
    ]


@pytest.mark.seeds(20)
async def test_all_that_a_node_was_told_before_it_shut_down_is_done(sim: Simulation) -> None:
    ends: dict[int, object] = {}
    node, desks = await network(sim, ends)
    jobs = jobs_of(sim, desks)
    for job in jobs:
        await node.tell(LOCAL / Sender, job)
    await sim.run_for(sim.rng.uniform(0.0, 2.0))
    began = sim.time
    await node.aclose()
    assert ends == {job.number: job.number if job.asks else None for job in jobs}
    assert sim.time - began < 1 + sum(job.seconds for job in jobs)
    kept = sorted(number for desk in desks for number in actor(desk, "desk").kept)
    assert kept == [job.number for job in jobs]


@pytest.mark.seeds(30)
async def test_of_nodes_that_shut_down_together_each_send_has_an_end_that_is_true(sim: Simulation) -> None:
    ends: dict[int, object] = {}
    node, desks = await network(sim, ends)
    taken = [actor(desk, "desk").kept for desk in desks]
    jobs = jobs_of(sim, desks)
    for job in jobs:
        await node.tell(LOCAL / Sender, job)

    async def stop(which: Node, after: float) -> None:
        await asyncio.sleep(after)
        await which.aclose()

    stopping = sim.rng.sample([node, *desks], sim.rng.choice([2, 3]))
    began = sim.time
    await asyncio.gather(*(stop(each, sim.rng.choice([0.0, 0.0, sim.rng.uniform(0.0, 2.0)])) for each in stopping))
    assert sim.time - began < 4 + sum(job.seconds for job in jobs)  # nobody waits for nobody
    await node.aclose()
    kept = {number for each in taken for number in each}
    assert sorted(ends) == [job.number for job in jobs]
    for job in jobs:
        end = ends[job.number]
        if isinstance(end, NoRoute | ShuttingDown):
            assert job.number not in kept
        elif job.asks:
            assert end == job.number
            assert job.number in kept
        else:
            assert end is None  # accepted; what was not taken then is a dead letter


@pytest.mark.seeds(20)
async def test_a_large_message_that_was_on_its_way_is_refused_and_not_in_doubt(sim: Simulation) -> None:
    sim.network.shape(latency=0.005, bandwidth=1e6)
    desk = await sim.node("desk", discover=False, reactors=[Desk])
    node = await sim.node("node", discover=False, peers=["desk"], channels=[Desk.channel])
    await sim.until(lambda: node.peers and desk.peers, within=10)
    ask = asyncio.ensure_future(outcome_of(node.ask(Peer(desk.node_id) / Desk, Item(1, data=bytes(500_000)))))
    await sim.run_for(sim.rng.uniform(0.02, 0.45))  # it takes half a second
    await desk.aclose()
    end = await ask
    assert isinstance(end, ShuttingDown)
    assert end.never_sent


# What a peer does that was told.


@pytest.mark.seeds(5)
async def test_the_drain_lever_leaves_peers_the_time_that_it_names(sim: Simulation) -> None:
    await sim.node("desk", discover=False, reactors=[Desk])
    node = await sim.node("node", discover=False, peers=["desk"], channels=[Desk.channel])
    (desk,) = (each for each in sim.nodes.values() if each is not node)
    await sim.until(lambda: node.peers and desk.peers, within=10)
    ask = asyncio.ensure_future(outcome_of(node.ask(Peer(desk.node_id) / Desk, Item(1, seconds=40.0), timeout=60)))
    await sim.run_for(sim.rng.uniform(0.0, 1.0))
    node.drain(within=50.0)
    assert await ask == 1


async def seconds_until_cut(peer: Node) -> float:
    began = clock()
    with peer.subscribe(PeerDown) as downs:
        down = await downs.get()
    assert down.reason == "goodbye"
    return clock() - began


def say(node: Node, frame: Frame) -> None:
    """Let a node say what it would not, and go on as if it had not."""
    (connection,) = (cell.actor for name, cell in node.bus.actors.by_name.items() if name.startswith("peer-"))
    assert isinstance(connection, PeerConnection)
    connection.link.outbox.control(frame)
    connection._writer.schedule()


@pytest.mark.parametrize(("within", "least"), [(0, 10), (60_000, 70), (2**32 - 1, 3610)])
@in_virtual_time
async def test_a_peer_that_says_goodbye_and_stays_is_waited_for_as_long_as_it_said(within: int, least: float) -> None:
    cluster = Cluster(13)
    bob, alice = cluster.node("bob", reactors=[Desk]), cluster.node("alice", peers=("bob",), reactors=[Desk])
    async with cluster.running(bob, alice):
        say(bob, GoAway("tired", "", within))
        assert least <= await seconds_until_cut(alice) < least + 1


@pytest.mark.parametrize("whose", ["ours", "theirs"])
@in_virtual_time
async def test_a_peer_that_says_goodbye_is_waited_for_while_asks_are_open(whose: str) -> None:
    cluster = Cluster(14)
    bob, alice = cluster.node("bob", reactors=[Desk]), cluster.node("alice", peers=("bob",), reactors=[Desk])
    async with cluster.running(bob, alice):
        asker, asked = (alice, bob) if whose == "ours" else (bob, alice)
        ask = asyncio.ensure_future(outcome_of(asker.ask(Peer(asked.node_id) / Desk, Item(1, 33.0), timeout=60)))
        await asyncio.sleep(0.1)
        say(bob, GoAway("tired", ""))
        waited = await seconds_until_cut(alice)
        assert await ask == 1
        assert 33 + 9 < waited < 33 + 21


@in_virtual_time
async def test_a_peer_that_says_goodbye_is_waited_for_while_it_sends() -> None:
    cluster = Cluster(15)
    bob, alice = cluster.node("bob", reactors=[Desk]), cluster.node("alice", peers=("bob",), reactors=[Desk])
    async with cluster.running(bob, alice):

        async def send() -> None:
            for number in range(10):
                await asyncio.sleep(7)
                await bob.tell(Peer(alice.node_id) / Desk, Item(number))

        say(bob, GoAway("tired", ""))
        sending = asyncio.ensure_future(send())
        assert 70 + 9 < await seconds_until_cut(alice) < 70 + 11
        await sending
        assert actor(alice, "desk").kept == list(range(10))


@in_virtual_time
async def test_work_of_a_peer_that_goes_on_sending_after_goodbye_is_refused() -> None:
    cluster = Cluster(16)
    node = worker(cluster, peers=("peer",), timeout=10.0)
    peer = cluster.node("peer", channels=[Jobs.channel], reactors=[Desk])
    async with cluster.running(peer, node):
        (index,) = (n for n, channel in enumerate(hello_of(peer).channels) if channel.name == "jobs")
        jobs = actor(node, "jobs")
        await node.tell(LOCAL / Jobs, Job(1, peer.node_id, 5.0))
        closing = asyncio.ensure_future(node.aclose())
        await asyncio.sleep(1)
        payload = msgspec.msgpack.encode(Job(2, peer.node_id))
        say(peer, Tell(index, [(1, 0, payload)]))
        say(peer, Ask(index, [(99, 60_000, 1, 0, payload)]))
        await asyncio.sleep(1)
        assert node.bus.ledger().arrived["jobs"].failed == {"shutting_down": 2}
        await closing
        assert not jobs.answers


def hello_of(node: Node) -> Hello:
    """What its only peer said to a node."""
    (connection,) = (cell.actor for name, cell in node.bus.actors.by_name.items() if name.startswith("peer-"))
    assert isinstance(connection, PeerConnection)
    return connection._greeted.peer


@in_virtual_time
async def test_a_requirement_does_not_count_on_a_peer_that_shuts_down() -> None:
    cluster = Cluster(17)
    node = worker(cluster, peers=("peer",), timeout=100.0, offers={"jobs"})
    peer = cluster.node("peer", reactors=[Desk], requires=[Require(role="jobs", at_least=1)])
    async with cluster.running(peer, node):
        await eventually(lambda: peer.snapshot().peers.requirements[0].met)
        await node.tell(LOCAL / Jobs, Job(1, peer.node_id, 60.0))
        with peer.subscribe(RequirementUnmet) as unmet:
            closing = asyncio.ensure_future(node.aclose())
            await asyncio.sleep(1)
            assert unmet.get_nowait() is not None
            await closing
        assert actor(peer, "desk").kept == [1]
