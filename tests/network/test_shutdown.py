"""Nodes that shut down: what they still do, in which order they end, and what their peers make of it."""

from __future__ import annotations

import asyncio

import pytest
from clusters import Cluster, SlowNetwork, assert_ledgers
from shutting_down import Desk, Item, Job, Jobs, actor, clock, worker
from virtual_time import eventually, in_virtual_time, outcome_of

from peerbus.actors import (
    LOCAL,
    Actor,
    ActorTerminated,
    Channel,
    DeadLetter,
    NoRoute,
    Peer,
    Reactor,
    Role,
    SendError,
    ShutdownStarted,
    ShuttingDown,
    handles,
)
from peerbus.actors.router import LinkDown
from peerbus.discovery import PeerDown


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


def _witnesses(happened: list[str]) -> tuple[type[Reactor], type[Reactor]]:
    """A parent with a child, and a younger one, that write down what they live to see."""

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

    return Parent, Young


@in_virtual_time
async def test_the_order_of_the_end_of_a_node() -> None:
    cluster = Cluster(12)
    happened: list[str] = []
    Parent, Young = _witnesses(happened)  # noqa: N806  # classes
    node = cluster.node(
        "node", peers=("one", "two"), channels=[Desk.channel], reactors=[Parent, Young], pex=True, shutdown_timeout=10.0
    )
    peers = [cluster.node(name, reactors=[Desk]) for name in ("one", "two")]
    async with cluster.running(*peers, node):
        desks = [actor(each, "desk") for each in peers]
        with node.subscribe(ActorTerminated, LinkDown, PeerDown) as events:
            parent = LOCAL / "parent"
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
