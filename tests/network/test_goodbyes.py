"""Peers that say goodbye: how long they are waited for, and what becomes of their work."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from clusters import Cluster
from shutting_down import Desk, Item, Job, Jobs, actor, clock, worker
from virtual_time import eventually, in_virtual_time, outcome_of

from peerbus.actors import (
    LOCAL,
    Peer,
    ShuttingDown,
)
from peerbus.discovery import PeerDown, Require, RequirementUnmet
from peerbus.node import Node
from peerbus.testing import Simulation
from peerbus.transports.connection.connection import PeerConnection
from peerbus.transports.wire.frames import Ask, Frame, GoAway, Tell
from peerbus.transports.wire.hello import Hello


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
