"""Totals of connections and bytes never fall: what has ended stays counted."""

from __future__ import annotations

import pytest

from peerbus.discovery import PeerState
from peerbus.node import Node, NodeSnapshot
from peerbus.testing import Simulation


def carried(snapshot: NodeSnapshot) -> int:
    return sum(each.received + each.sent for each in snapshot.carried.carried.values())


@pytest.mark.seeds(2)
async def test_what_a_connection_carried_outlives_it(sim: Simulation) -> None:
    alice = await sim.node("alice")
    bob = await sim.node("bob")
    await sim.until(lambda: alice.peers and bob.peers, within=10)
    await sim.run_for(5.0)
    before = alice.snapshot()
    (connection,) = before.connections.values()
    assert carried(before) >= connection.bytes_received + connection.bytes_sent > 0
    # Where both have dialed there was another, which has ended.
    assert sum(before.carried.opened.values()) - sum(before.carried.ended.values()) == 1
    assert [(carrier, each.open) for carrier, each in before.carried.carried.items()] == [("memory", 1)]
    await alice.disconnect(bob.node_id)
    await sim.until(lambda: not alice.snapshot().connections, within=10)
    after = alice.snapshot()
    assert carried(after) >= carried(before)
    assert after.carried.ended["operator"] == 1
    assert [(carrier, each.open) for carrier, each in after.carried.carried.items()] == [("memory", 0)]
    await sim.until(lambda: alice.peers, within=120)
    again = alice.snapshot()
    assert carried(again) > carried(after)
    assert sum(again.carried.opened.values()) >= 2


@pytest.mark.seeds(1)
async def test_peers_and_connections_come_in_pages(sim: Simulation) -> None:
    alice = await sim.node("alice")
    others = [await sim.node(f"peer-{number}") for number in range(5)]
    await sim.until(lambda: len(alice.peers) == 5, within=30)
    assert _ids(alice, 2) == sorted(other.node_id for other in others)
    names: list[str] = []
    while page := alice.connections(names[-1] if names else "", 2):
        assert len(page) <= 2
        names += page
    assert names == sorted(alice.snapshot().connections)
    (found,) = alice.peers_page(match="PEER-3").peers
    assert found.node_id == others[3].node_id
    assert len(alice.peers_page(match="peer-", state=PeerState.READY).peers) == 5
    few = alice.snapshot(2)
    assert {each.peer_id for each in few.connections.values()} == {peer.node_id for peer in few.peers.peers}
    snapshot = alice.snapshot()
    assert snapshot.peers.known == 5
    assert sum(snapshot.peers.states.values()) == 5


def _ids(node: Node, limit: int) -> list[str | None]:
    ids: list[str | None] = []
    after: str | None = ""
    while after is not None:
        page = node.peers_page(after, limit)
        ids += [view.node_id for view in page.peers]
        after = page.next
    return ids
