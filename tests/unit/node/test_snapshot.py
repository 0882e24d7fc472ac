"""A node at one instant is a value that JSON can hold."""

from __future__ import annotations

import json

import msgspec

from peerbus.node import Node


async def test_a_snapshot_says_who_the_node_is_and_becomes_json() -> None:
    async with Node("alice", network="test", offers=["archive{from=1}"]) as node:
        snapshot = node.snapshot()
        assert (snapshot.name, snapshot.network, snapshot.node_id) == ("alice", "test", node.node_id)
        assert snapshot.offers == ("archive{from=1}",)
        assert snapshot.ledger is snapshot.actors.ledger
        assert (snapshot.mdns, snapshot.pex) == (None, None)
        there = json.loads(msgspec.json.encode(snapshot))
    assert there["name"] == "alice"
    assert set(there["peers"]) >= {"peers", "connected", "requirements"}
