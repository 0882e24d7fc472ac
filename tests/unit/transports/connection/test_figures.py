"""The figures of a connection: what the parts say, put together. Whole connections are in test_connection."""

from __future__ import annotations

from peerbus.node import Allow, Permissions
from peerbus.testing import Simulation


async def test_they_say_who_is_there_and_what_the_rules_refuse(sim: Simulation) -> None:
    rules = Permissions(roles={"archive": []}, channels={"peerbus.pex": Allow(ask=[])})
    alice = await sim.node("alice", permissions=rules, pex=True)
    bob = await sim.node("bob", offers={"archive", "index"}, pex=True)
    await sim.until(lambda: alice.peers and bob.peers, within=10)
    (seen,) = alice.snapshot().connections.values()
    assert (seen.peer_id, seen.name, seen.offers, seen.disbelieved) == (bob.node_id, "bob", ("index",), ("archive",))
    assert seen.refused == {"peerbus.pex": ("ask",)}
    assert set(seen.lanes) == {"peerbus.pex"}
