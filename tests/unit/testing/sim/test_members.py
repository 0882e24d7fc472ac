"""The nodes of a simulation: they start once, crash, come back with what they keep, pause, and find each other."""

from __future__ import annotations

import asyncio

import pytest
from simulated_pair import OPTIONS, Note, Notes, two

from peerbus.actors import Channel, Peer, SendError, handles
from peerbus.testing import Simulation


async def test_names_are_taken_once_and_unknown_ones_are_refused(sim: Simulation) -> None:
    await two(sim)
    with pytest.raises(ValueError, match="called 'bob' already"):
        await sim.node("bob")
    with pytest.raises(ValueError, match="dave"):
        sim.crash("dave")
    with pytest.raises(TypeError, match="peers is a list"):
        await sim.node("eve", peers="alice")
    assert list(sim.nodes) == ["alice", "bob"]


@pytest.mark.seeds(5)
@pytest.mark.parametrize("reset", [True, False])
async def test_a_node_that_crashes_is_missed_at_once_or_after_patience(sim: Simulation, reset: bool) -> None:
    alice, bob = await two(sim)
    sim.crash("bob", reset=reset)
    assert list(sim.nodes) == ["alice"]
    if reset:
        await sim.until(lambda: not alice.peers, within=0.1)
    else:
        await sim.run_for(1)
        assert alice.peers
        await sim.until(lambda: not alice.peers, within=120)
    with pytest.raises(SendError):
        await alice.ask(Peer(bob.node_id) / "notes", Note(1), timeout=1)
    with pytest.raises(ValueError, match="bob does not run"):
        sim.pause("bob")


@pytest.mark.seeds(5)
@pytest.mark.parametrize("keep_key", [True, False])
@pytest.mark.parametrize("keep_book", [True, False])
async def test_a_restart_keeps_what_it_is_told_to(sim: Simulation, keep_key: bool, keep_book: bool) -> None:
    alice = await sim.node("alice", discover=False, reactors=[Notes], options=OPTIONS)
    bob = await sim.node("bob", discover=False, options=OPTIONS)
    bob.dial("memory://alice")  # at run time: nothing but its book remembers it
    await sim.until(lambda: alice.peers and bob.peers, within=10)
    await sim.run_for(2)  # a book is written a second late at most
    before = bob.node_id
    bob = await sim.restart("bob", keep_key=keep_key, keep_book=keep_book)
    assert (bob.node_id == before) is keep_key
    assert sim.nodes["bob"] is bob
    await sim.run_for(30)
    assert (alice.node_id in bob.peers) is keep_book


async def test_a_restart_makes_reactors_anew(sim: Simulation) -> None:
    alice, bob = await two(sim)
    assert await alice.ask(Peer(bob.node_id) / "notes", Note(1)) == 1
    old = bob
    bob = await sim.restart("bob")
    await sim.until(lambda: bob.node_id in alice.peers and alice.node_id in bob.peers, within=30)
    assert await alice.ask(Peer(bob.node_id) / "notes", Note(2)) == 2
    assert old is not bob


async def test_a_paused_node_does_nothing_keeps_its_streams_and_goes_on(sim: Simulation) -> None:
    alice, bob = await two(sim)
    ticks: list[float] = []

    class Ticker(Notes):
        channel = Channel("ticker", messages=(Note,))

        def on_start(self) -> None:
            self.every(1.0, Note(0))

        @handles(Note)
        def tick(self, note: Note) -> int:
            ticks.append(sim.time)
            return note.number

    bob.spawn(Ticker, name="ticker")
    await sim.run_for(2.5)
    assert len(ticks) == 2
    sim.pause("bob")
    asked = asyncio.ensure_future(alice.ask(Peer(bob.node_id) / "notes", Note(5), timeout=10))
    await sim.run_for(2)
    assert len(ticks) == 2
    assert not asked.done()
    sim.resume("bob")
    assert await asked == 5
    await sim.run_for(1.5)
    assert len(ticks) > 2
    assert bob.node_id in alice.peers


async def test_a_node_that_is_paused_when_all_ends_is_no_trouble(sim: Simulation) -> None:
    await two(sim)
    sim.pause("bob")
    sim.network.partition({"alice"}, {"bob"})
    await sim.run_for(1)
    sim.crash("alice", reset=False)


async def test_a_node_can_leave_by_itself_and_come_back(sim: Simulation) -> None:
    alice, bob = await two(sim)
    await bob.aclose()
    await sim.until(lambda: not alice.peers, within=5)
    bob = await sim.restart("bob")
    await sim.until(lambda: bob.peers and alice.peers, within=30)


async def test_nodes_find_each_other_only_where_they_may(sim: Simulation) -> None:
    alice = await sim.node("alice", options=OPTIONS)
    bob = await sim.node("bob", options=OPTIONS, network="another")
    carol = await sim.node("carol", options=OPTIONS, discover=False)
    dave = await sim.node("dave", options=OPTIONS)
    await sim.run_for(30)
    assert list(alice.peers) == [dave.node_id]
    assert list(dave.peers) == [alice.node_id]
    assert list(bob.peers) == list(carol.peers) == []
