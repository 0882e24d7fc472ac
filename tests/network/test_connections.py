"""Connections between nodes: one for each pair, what changes while they are up, and how they end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from clusters import Cluster, SlowNetwork, assert_ledgers, meet
from structlog.testing import capture_logs
from virtual_time import eventually, in_virtual_time, outcome_of

from peerbus.actors import (
    EVERYONE,
    Actor,
    ActorStopped,
    ActorTerminated,
    Address,
    Channel,
    DeadLetter,
    DeadlineExceeded,
    NoRoute,
    NoSuchReactor,
    Peer,
    PeerGone,
    Reactor,
    Role,
    ShuttingDown,
    Terminated,
    handles,
)
from peerbus.actors.router import LinkDown
from peerbus.discovery.facts.events import PeerDown, PeerUp
from peerbus.native import build_name
from peerbus.node import Node
from peerbus.testing import Simulation
from peerbus.transports.connection.connection import PeerConnection
from peerbus.transports.streams.identity import Identity
from peerbus.transports.wire import payload

ONE_IDENTITY = "another process runs with the same identity"


@dataclass(frozen=True)
class Note:
    number: int
    sender: str = ""


@dataclass(frozen=True)
class Wait:
    seconds: float


class Notes(Reactor):
    """Keeps notes; answers a Wait after a while."""

    channel = Channel("notes", messages=(Note, Wait), window=64)

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Note] = []
        self.waiting = 0

    @handles(Note)
    def note(self, message: Note) -> int:
        self.kept.append(message)
        return message.number

    @handles(Wait, reentrant=True)
    async def wait(self, message: Wait) -> str:
        self.waiting += 1
        try:
            await asyncio.sleep(message.seconds)
        finally:
            self.waiting -= 1
        return "done"


class Late(Reactor):
    """Started while the node runs."""

    channel = Channel("late", messages=(Note,))

    @handles(Note)
    def note(self, message: Note) -> int:
        return message.number


class Watcher(Reactor):
    """Watches what it is told to, and keeps what it hears."""

    channel = Channel("watcher", messages=(Note,))

    def __init__(self, target: Address[object]) -> None:
        super().__init__()
        self.target = target
        self.heard: list[Terminated] = []

    @handles(Note)
    def start_watching(self, message: Note) -> None:
        self.watch(self.target)

    @handles(Terminated)
    def hear(self, message: Terminated) -> None:
        self.heard.append(message)


def notes(node: Node) -> Notes:
    cell = node.bus.cell("notes")
    assert cell is not None
    assert isinstance(cell.actor, Notes)
    return cell.actor


def connections(node: Node) -> list[PeerConnection]:
    found = (cell.actor for name, cell in node.bus.actors.by_name.items() if name.startswith("peer-"))
    return [actor for actor in found if isinstance(actor, PeerConnection)]


def names_of(events: Any) -> list[str]:
    """What a subscriber has heard since it was asked last, by kind."""
    names: list[str] = []
    while (event := events.get_nowait()) is not None:
        names.append(type(event).__name__)
    return names


@pytest.mark.parametrize("seed", range(100))
@in_virtual_time
async def test_a_simultaneous_dial_ends_in_one_connection_and_loses_nothing_silently(seed: int) -> None:
    cluster = Cluster(seed, SlowNetwork(seed, most=0.02 if seed % 3 else 0.0))
    ups: list[tuple[str, str]] = []

    class Greeter(Actor):
        """Sends from its PeerUp handler: the peer can be reached by then."""

        def on_start(self) -> None:
            self.bus.subscribe_actor(self.actor_ref, PeerUp, PeerDown)

        @handles(PeerUp)
        async def up(self, event: PeerUp) -> None:
            ups.append((self.bus.name, event.node_id))
            for number in range(5):
                await self.tell(Peer(event.node_id) / Notes, Note(number, self.bus.name))

        @handles(PeerDown)
        def down(self, event: PeerDown) -> None:
            ups.append((self.bus.name, "down"))

    names = ("alice", "bob") if seed % 2 else ("bob", "alice")
    nodes = [cluster.node(name, reactors=[Notes], offers={"x"}) for name in names]
    letters: list[DeadLetter] = []
    async with nodes[0], nodes[1]:
        with nodes[0].subscribe(DeadLetter) as one, nodes[1].subscribe(DeadLetter) as two:
            for node in nodes:
                node.bus.spawn(Greeter)
            for node, name in zip(nodes, reversed(names), strict=True):
                node.dial(f"memory://{name}")
            await meet(*nodes)
            await asyncio.sleep(20)
            assert [len(connections(node)) for node in nodes] == [1, 1]
            assert connections(nodes[0])[0]._stream.remote.path == connections(nodes[1])[0]._stream.local.path
            assert connections(nodes[0])[0]._greeted.dialed != connections(nodes[1])[0]._greeted.dialed
            assert "down" not in [what for _, what in ups]
            for events in (one, two):
                while (letter := events.get_nowait()) is not None:
                    letters.append(letter)
            for node, other in (nodes, reversed(nodes)):
                arrived = {note.number for note in notes(other).kept if note.sender == node.name}
                doubtful = {letter.message.number for letter in letters if isinstance(letter.message, Note)}
                greeted = [what for who, what in ups if who == node.name]
                if greeted:
                    assert arrived | doubtful == set(range(5)), letters
            assert_ledgers(*nodes)


@in_virtual_time
async def test_a_peer_that_restarted_takes_the_place_of_its_old_self() -> None:
    network = SlowNetwork(1, most=0.001)
    cluster = Cluster(1, network)
    alice = cluster.node("alice", reactors=[Notes])
    old = cluster.node("bob", peers=("alice",), reactors=[Notes])
    async with alice:
        with alice.subscribe(PeerUp, PeerDown) as events:
            async with old:
                await meet(alice, old)
                network.cut(alice, old)  # it dies without a word
                for connection in connections(old):
                    connection._stream.abort()
            up = await events.get()
            assert isinstance(up, PeerUp)
            assert list(alice.peers) == [old.node_id]
            for way in network._between((alice, old)):
                way._kept.clear()
            network.mend(alice, old)
            new = cluster.node("bob", peers=("alice",), reactors=[Notes])
            async with new:
                await eventually(lambda: alice.node_id in new.peers)
                down, again = await events.get(), await events.get()
                assert isinstance(down, PeerDown)
                assert down.reason == "restarted"
                assert isinstance(again, PeerUp)
                assert again.incarnation != up.incarnation
                assert await alice.ask(Peer(new.node_id) / Notes, Note(3)) == 3
                assert notes(new).kept == [Note(3)]


@in_virtual_time
async def test_a_reactor_that_starts_or_stops_later_is_known_to_peers_at_once() -> None:
    cluster = Cluster()
    alice = cluster.node("alice", peers=("bob",), channels=[Late.channel])
    bob = cluster.node("bob")
    async with cluster.running(alice, bob):
        to = Peer(bob.node_id) / Late
        for number in range(5):
            assert type(await outcome_of(alice.ask(to, Note(1)))) is NoSuchReactor
            late = bob.spawn(Late)
            await eventually(lambda: alice.bus.routes.peers[bob.node_id].has("late"))
            assert await alice.ask(to, Note(number)) == number
            late.stop(block=False)
            await eventually(lambda: not alice.bus.routes.peers[bob.node_id].has("late"))
        assert_ledgers(alice, bob)


@in_virtual_time
async def test_asks_that_a_stopping_reactor_still_answers_are_not_failed_by_its_end() -> None:
    class Slow(Actor):
        channel = Channel("slow", messages=(Wait,))

        @handles(Wait)
        async def wait(self, message: Wait) -> bytes:
            await asyncio.sleep(message.seconds)
            return bytes(200_000)  # it goes in parts, and CLOSE overtakes it

    cluster = Cluster()
    alice = cluster.node("alice", peers=("bob",), channels=[Slow.channel])
    bob = cluster.node("bob", reactors=[Slow])
    async with cluster.running(alice, bob):
        asks = [
            asyncio.ensure_future(outcome_of(alice.ask(Peer(bob.node_id) / Slow, Wait(0.1), timeout=9)))
            for _ in range(5)
        ]
        await asyncio.sleep(0.05)
        cell = bob.bus.cell("slow")
        assert cell is not None
        cell.request_stop()
        assert await asyncio.gather(*asks) == [bytes(200_000)] * 5
        assert_ledgers(alice)


@in_virtual_time
async def test_roles_that_are_offered_and_withdrawn_route_asks() -> None:
    cluster = Cluster()
    alice = cluster.node("alice", peers=("bob",), channels=[Notes.channel])
    bob = cluster.node("bob", reactors=[Notes])
    async with cluster.running(alice, bob):
        to = Role("archive") / Notes
        assert type(await outcome_of(alice.ask(to, Note(1)))) is NoRoute
        bob.offer("archive{from=1000}")
        await eventually(lambda: alice.bus.routes.offering("archive", "notes"))
        assert await alice.ask(to, Note(1)) == 1
        (connection,) = alice.snapshot().connections.values()
        assert connection.offers == ("archive{from=1000}",)
        bob.withdraw("archive")
        await eventually(lambda: not alice.bus.routes.offering("archive", "notes"))
        assert type(await outcome_of(alice.ask(to, Note(1)))) is NoRoute


@pytest.mark.parametrize("ending", ["reactor", "node", "cut", "unknown"])
@in_virtual_time
async def test_whoever_watches_a_remote_reactor_hears_of_its_end(ending: str) -> None:
    cluster = Cluster()
    alice = cluster.node("alice", peers=("bob",), channels=[Notes.channel])
    bob = cluster.node("bob", reactors=[Notes])
    async with cluster.running(alice, bob):
        target: Address[object] = Peer(bob.node_id) / ("nobody" if ending == "unknown" else "notes")
        watcher = alice.bus.spawn(Watcher, target)
        await alice.tell(watcher, Note(1))
        await asyncio.sleep(0.1)
        cell = bob.bus.cell("notes")
        assert cell is not None
        if ending == "reactor":
            cell.request_stop()
        elif ending == "node":
            await bob.aclose()
        elif ending == "cut":
            connections(bob)[0]._stream.abort()
        actor = watcher._cell.actor
        assert isinstance(actor, Watcher)
        await eventually(lambda: actor.heard)
        await asyncio.sleep(1)
        (heard,) = actor.heard
        assert heard.address == target
        assert heard.reason


@in_virtual_time
async def test_a_send_to_everyone_has_a_result_for_each_peer_and_is_encoded_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    encoded: list[object] = []
    encode = payload.ChannelCodec.encode

    def counted(self: payload.ChannelCodec, message: object, limit: int, most: int) -> payload.Payload:
        encoded.append(message)
        return encode(self, message, limit, most)

    monkeypatch.setattr(payload.ChannelCodec, "encode", counted)
    network = SlowNetwork(3, most=0.001)
    cluster = Cluster(3, network)
    others = [cluster.node(f"n{number}", reactors=[Notes], offers={"keeper"}) for number in range(7)]
    names = tuple(node.name for node in others)
    alice = cluster.node("alice", peers=names, channels=[Notes.channel])
    async with cluster.running(alice, *others):
        results = await alice.ask(EVERYONE / Notes, Note(5))
        assert dict(results) == {node.node_id: 5 for node in others}
        assert len(encoded) == 1 or build_name() == "native"  # whose own calls nobody can count
        # One is silent, one goes meanwhile: the rest does not notice.
        silent, gone = others[0], others[1]
        network.cut(alice, silent)
        before = asyncio.get_running_loop().time()
        sending = asyncio.ensure_future(outcome_of(alice.ask(Role("keeper", pick="all") / Notes, Wait(0.5), timeout=2)))
        await asyncio.sleep(0.1)
        connections(gone)[0]._stream.abort()
        results = await sending  # type: ignore[assignment]  # no error
        assert asyncio.get_running_loop().time() - before < 2.1
        assert results.answers == {node.node_id: "done" for node in others[2:]}
        assert type(results.errors[silent.node_id]) is DeadlineExceeded
        assert type(results.errors[gone.node_id]) is PeerGone
        assert set(results) == {node.node_id for node in others}
        network.mend(alice, silent)
        assert_ledgers(alice, *others[1:])


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


# The end.


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


@pytest.mark.seeds(8)
async def test_two_nodes_of_one_identity_are_told_why_they_lose_their_connections(sim: Simulation) -> None:
    await sim.node("bob", discover=False)
    for name in ("alice", "twin"):
        await sim.node(name, discover=False, identity=Identity.from_seed(b"i" * 32), peers=["bob"])
    with capture_logs() as logged:
        await sim.until(lambda: any(ONE_IDENTITY in str(line) for line in logged), within=10)


@pytest.mark.seeds(30)
async def test_nodes_that_dial_each_other_and_come_back_are_not_taken_for_one(sim: Simulation) -> None:
    with capture_logs() as logged:
        for name, other in (("alice", "bob"), ("bob", "alice")):
            await sim.node(name, peers=[other])
        await sim.run_for(1)
        sim.network.silence("alice", "bob")
        await sim.run_for(60)
        sim.network.heal()
        await sim.run_for(60)
    assert logged
    assert not [line for line in logged if ONE_IDENTITY in str(line)]


class Slow(Actor):
    """Takes its time to start: peers are there before the reactors that start after it."""

    async def on_started(self) -> None:
        await asyncio.sleep(30)


class Ups(Actor):
    """Keeps account of the peers that are up."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[object] = []

    def on_start(self) -> None:
        self.bus.subscribe_actor(self.actor_ref, PeerUp, PeerDown)

    @handles(PeerUp)
    def up(self, event: PeerUp) -> None:
        self.heard.append(("up", event.node_id))

    @handles(PeerDown)
    def down(self, event: PeerDown) -> None:
        self.heard.append(("down", event.node_id))


@in_virtual_time
async def test_a_reactor_hears_of_peers_that_were_up_before_it_started() -> None:
    cluster = Cluster(1)
    bob = cluster.node("bob")
    async with bob:
        alice = cluster.node("alice", peers=("bob",), reactors=[Slow, Ups])
        async with alice:
            ups = next(each.actor for each in alice.bus.actors.by_name.values() if isinstance(each.actor, Ups))
            await eventually(lambda: ups.heard == [("up", bob.node_id)])
            await bob.aclose()
            await eventually(lambda: ups.heard == [("up", bob.node_id), ("down", bob.node_id)])
