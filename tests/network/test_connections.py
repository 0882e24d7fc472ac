"""Connections between nodes: one for each pair, what changes while they are up, and how they end."""

from __future__ import annotations

import asyncio

import pytest
from clusters import Cluster, SlowNetwork, assert_ledgers, meet
from encodes import Encodes
from structlog.testing import capture_logs
from virtual_time import eventually, in_virtual_time, outcome_of
from watched_notes import Note, Notes, Wait, connections, notes

from peerbus.actors import (
    EVERYONE,
    Actor,
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
    Terminated,
    handles,
)
from peerbus.discovery.facts.events import PeerDown, PeerUp
from peerbus.testing import Simulation
from peerbus.transports.streams.identity import Identity

ONE_IDENTITY = "another process runs with the same identity"


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
    encodes = Encodes(Note, "number", monkeypatch)
    network = SlowNetwork(3, most=0.001)
    cluster = Cluster(3, network)
    others = [cluster.node(f"n{number}", reactors=[Notes], offers={"keeper"}) for number in range(7)]
    names = tuple(node.name for node in others)
    alice = cluster.node("alice", peers=names, channels=[Notes.channel])
    async with cluster.running(alice, *others):
        note = encodes.of = Note(5)
        results = await alice.ask(EVERYONE / Notes, note)
        assert dict(results) == {node.node_id: 5 for node in others}
        assert encodes.count == 1
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
