"""Signed records on whole nodes: connected peers hear of every change at once, by a newer record."""

from __future__ import annotations

from peerbus.discovery.records.own_record import LIFETIME
from peerbus.discovery.records.record import PeerRecord, read_record
from peerbus.node import Node
from peerbus.testing import Simulation
from peerbus.transports.sending.link import PeerLink


def record_of(peer: Node, at: Node, sim: Simulation) -> PeerRecord:
    """The record of `peer` that `at` holds."""
    link = at.bus.routes.peers[peer.node_id]
    assert isinstance(link, PeerLink)
    read = read_record(link.record, network="peerbus", now=sim.loop.wall_time())
    assert isinstance(read, PeerRecord), read
    return read


async def pair(sim: Simulation, **options: bool) -> tuple[Node, Node]:
    alice = await sim.node("alice", offers={"index"}, **options)  # type: ignore[arg-type]  # options by name
    bob = await sim.node("bob", peers=["alice"])
    await sim.until(lambda: alice.peers and bob.peers, within=5)
    return alice, bob


async def test_a_role_that_is_offered_or_withdrawn_is_heard_of_within_a_second(sim: Simulation) -> None:
    sim.network.shape(latency=0.2)
    alice, bob = await pair(sim)
    first = record_of(alice, bob, sim)
    assert first.node_id == alice.node_id
    assert first.roles == ("index",)
    alice.offer("archive{from=1000}")
    await sim.until(lambda: "archive" in bob.bus.routes.roles, within=1)
    second = record_of(alice, bob, sim)
    assert [str(offer) for offer in second.offers] == ["archive{from=1000}", "index"]
    assert second.sequence > first.sequence
    alice.withdraw("index")
    await sim.until(lambda: "index" not in bob.bus.routes.roles, within=1)
    assert record_of(alice, bob, sim).sequence > second.sequence


async def test_a_record_is_renewed_while_nothing_changes(sim: Simulation) -> None:
    alice, bob = await pair(sim)
    first = record_of(alice, bob, sim)
    await sim.run_for(LIFETIME)
    later = record_of(alice, bob, sim)
    assert later.sequence > first.sequence
    assert later.expires > sim.loop.wall_time() + LIFETIME / 2


async def test_a_restart_goes_on_with_higher_numbers(sim: Simulation) -> None:
    alice, bob = await pair(sim)
    before = record_of(alice, bob, sim)
    await sim.run_for(0.01)  # no process starts in the millisecond in which it ended
    await sim.restart(alice)
    again = sim.nodes["alice"]
    await sim.until(lambda: again.peers and bob.peers, within=60)
    assert record_of(again, bob, sim).sequence > before.sequence


async def test_a_private_node_says_so_to_its_peers(sim: Simulation) -> None:
    alice, bob = await pair(sim, private=True)
    assert record_of(alice, bob, sim).private
    assert not record_of(bob, alice, sim).private
