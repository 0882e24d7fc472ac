"""How connections between nodes end: silence, a stop, a farewell, and what is in doubt."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from clusters import Cluster, SlowNetwork
from virtual_time import eventually, in_virtual_time, outcome_of
from watched_notes import Note, Notes, Wait, connections, notes

from peerbus.actors import (
    ActorStopped,
    ActorTerminated,
    DeadLetter,
    NoRoute,
    Peer,
    PeerGone,
    ShuttingDown,
)
from peerbus.actors.router import LinkDown
from peerbus.discovery.facts.events import PeerDown
from peerbus.node import Node


def names_of(events: Any) -> list[str]:
    """What a subscriber has heard since it was asked last, by kind."""
    names: list[str] = []
    while (event := events.get_nowait()) is not None:
        names.append(type(event).__name__)
    return names


@in_virtual_time
async def test_a_silent_peer_is_dropped_after_the_bound_of_the_detector_and_others_stay() -> None:
    network = SlowNetwork(4, most=0.001)
    cluster = Cluster(4, network)
    alice = cluster.node("alice", reactors=[Notes])
    bob = cluster.node("bob", peers=("alice",), reactors=[Notes])
    carol = cluster.node("carol", peers=("alice", "bob"), reactors=[Notes])
    async with cluster.running(alice, bob, carol):
        loop = asyncio.get_running_loop()
        await asyncio.sleep(60)
        with alice.subscribe(PeerDown) as downs:
            ask = asyncio.ensure_future(outcome_of(alice.ask(Peer(bob.node_id) / Notes, Wait(1e6), timeout=1e6)))
            await asyncio.sleep(1)
            network.cut(alice, bob)
            since = loop.time()
            down = await downs.get()
            assert down.reason == "silent"
            assert 5 < loop.time() - since < 15
            assert type(await ask) is PeerGone
        assert carol.node_id in alice.peers
        assert await alice.ask(Peer(carol.node_id) / Notes, Note(1), timeout=0.1) == 1
        assert await bob.ask(Peer(carol.node_id) / Notes, Note(1), timeout=0.1) == 1
        network.mend(alice, bob)
        await eventually(lambda: bob.node_id in alice.peers)  # and it comes back


@in_virtual_time
async def test_a_connection_measures_its_round_trip_at_once() -> None:
    cluster = Cluster(5, SlowNetwork(5, most=0.1))
    alice, bob = cluster.node("alice", peers=("bob",)), cluster.node("bob")
    async with cluster.running(alice, bob):
        await asyncio.sleep(0.5)
        (connection,) = alice.snapshot().connections.values()
        assert connection.rtt is not None
        assert 0.01 < connection.rtt < 0.21


@in_virtual_time
async def test_a_node_that_stops_answers_what_is_under_way_and_tells_its_peers() -> None:
    cluster = Cluster(6)
    alice = cluster.node("alice", peers=("bob",), reactors=[Notes])
    bob = cluster.node("bob", reactors=[Notes])
    async with cluster.running(alice, bob):
        theirs = asyncio.ensure_future(outcome_of(alice.ask(Peer(bob.node_id) / Notes, Wait(1))))
        ours = asyncio.ensure_future(outcome_of(bob.ask(Peer(alice.node_id) / Notes, Wait(1))))
        await asyncio.sleep(0.1)
        with alice.subscribe(PeerDown) as downs:
            closing = asyncio.ensure_future(bob.aclose())
            await asyncio.sleep(0.1)
            late = await outcome_of(alice.ask(Peer(bob.node_id) / Notes, Note(1)))
            assert type(late) in (NoRoute, ShuttingDown)
            assert await theirs == "done"
            assert await ours == "done"
            await closing
            assert (await downs.get()).reason == "peer_shutting_down"


@in_virtual_time
async def test_a_node_stops_in_bounded_time_with_hanging_asks_and_many_silent_peers() -> None:
    network = SlowNetwork(7, most=0.001)
    cluster = Cluster(7, network)
    others = [cluster.node(f"n{number}", reactors=[Notes]) for number in range(5)]
    alice = cluster.node("alice", peers=tuple(node.name for node in others), reactors=[Notes])
    async with cluster.running(*others):
        async with alice:
            await meet_all(alice, others)
            asks = [
                asyncio.ensure_future(outcome_of(alice.ask(Peer(node.node_id) / Notes, Wait(1e6), timeout=1e6)))
                for node in others
            ]
            asks += [
                asyncio.ensure_future(outcome_of(node.ask(Peer(alice.node_id) / Notes, Wait(1e6), timeout=1e6)))
                for node in others
            ]
            await asyncio.sleep(1)
            for node in others[:3]:
                network.cut(alice, node)
            before = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - before < 7
        for node in others[:3]:
            network.mend(alice, node)
        ends = await asyncio.gather(*asks)
        assert {type(end) for end in ends} <= {PeerGone, ActorStopped}
        assert all(not notes(node).waiting for node in others[3:])


async def meet_all(node: Node, others: list[Node]) -> None:
    await eventually(lambda: {other.node_id for other in others} <= set(node.peers))


def _is_alone(node: Node) -> bool:
    return not node.peers and not connections(node)


@in_virtual_time
async def test_a_node_stops_while_it_dials_and_while_it_greets() -> None:
    network = SlowNetwork(8, most=0.5)
    for moment in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 2.0, 2.5, 3.0):
        cluster = Cluster(8, network)
        alice = cluster.node("alice", peers=("bob", "nobody"), reactors=[Notes])
        bob = cluster.node("bob", reactors=[Notes])
        async with bob:
            async with alice:
                await asyncio.sleep(moment)
                before = asyncio.get_running_loop().time()
            assert asyncio.get_running_loop().time() - before < 4
            await eventually(partial(_is_alone, bob))


@in_virtual_time
async def test_a_peer_that_is_parted_with_is_told_why() -> None:
    cluster = Cluster(9)
    alice, bob = cluster.node("alice", peers=("bob",)), cluster.node("bob")
    async with cluster.running(alice, bob):
        with alice.subscribe(PeerDown) as theirs, bob.subscribe(PeerDown) as ours:
            bob.disconnect(alice.node_id, "operator")
            assert (await ours.get()).reason == "operator"
            assert (await theirs.get()).reason == "peer_operator"
        await eventually(lambda: bob.node_id in alice.peers)  # it is persistent


@in_virtual_time
async def test_the_order_of_the_end_of_a_connection() -> None:
    cluster = Cluster(11, SlowNetwork(11, most=0.01))
    alice, bob = cluster.node("alice", peers=("bob",), reactors=[Notes]), cluster.node("bob", reactors=[Notes])
    async with cluster.running(alice, bob):
        ask = asyncio.ensure_future(outcome_of(alice.ask(Peer(bob.node_id) / Notes, Wait(1.0))))
        await asyncio.sleep(0.1)
        before: list[str] = []
        kinds = (LinkDown, PeerDown, ActorTerminated)
        with alice.subscribe(*kinds) as theirs, bob.subscribe(*kinds) as ours:
            bob.disconnect(alice.node_id, "operator")
            ask.add_done_callback(lambda _: before.extend(names_of(theirs)))
            assert await ask == "done"
            await asyncio.sleep(0.1)
            # Whoever parts announces it at once, and closes when the peer is answered; the peer sends nothing from the
            # GOAWAY on, gets its answer, and takes the other one for gone when the stream ends.
            assert names_of(ours) == ["PeerDown", "LinkDown", "ActorTerminated"]
            assert before == ["LinkDown"]
            assert names_of(theirs) == ["PeerDown", "ActorTerminated"]


@in_virtual_time
async def test_nothing_is_in_doubt_after_an_end_in_order() -> None:
    cluster = Cluster(10, SlowNetwork(10, most=0.01))
    alice = cluster.node("alice", peers=("bob",), reactors=[Notes])
    bob = cluster.node("bob", reactors=[Notes])
    letters: list[DeadLetter] = []
    async with cluster.running(alice, bob):
        with (
            alice.subscribe(DeadLetter) as theirs,
            bob.subscribe(DeadLetter) as ours,
            alice.subscribe(PeerDown) as downs,
        ):
            for number in range(20):
                await alice.tell(Peer(bob.node_id) / Notes, Note(number))
                await bob.tell(Peer(alice.node_id) / Notes, Note(number))
            bob.disconnect(alice.node_id, "operator")
            await downs.get()
            await asyncio.sleep(0.1)
            for events in (theirs, ours):
                while (letter := events.get_nowait()) is not None:
                    letters.append(letter)
        assert [len(notes(node).kept) for node in (alice, bob)] == [20, 20]
        assert not letters
