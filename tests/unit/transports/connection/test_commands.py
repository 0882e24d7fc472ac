"""What is said to a connection and by it, on a connection that runs."""

from __future__ import annotations

import json

import msgspec
import pytest
from clusters import Cluster
from virtual_time import eventually, in_virtual_time

from peerbus.transports.connection.commands import ConnectionEnded, ConnectionStatistics, Disconnect, OfferRoles


def test_commands_are_values() -> None:
    assert Disconnect("why") == Disconnect("why", "", 0.0)
    assert OfferRoles(("archive",)) == OfferRoles(("archive",), b"")
    assert hash(ConnectionEnded("a" * 64, "closed", "")) == hash(ConnectionEnded("a" * 64, "closed", ""))
    with pytest.raises(AttributeError):
        Disconnect("why").reason = "because"  # type: ignore[misc]  # frozen is what is tested


@in_virtual_time
async def test_the_statistics_of_a_connection_say_what_it_is_and_become_json() -> None:
    cluster = Cluster(3)
    alice, bob = cluster.node("alice", peers=("bob",)), cluster.node("bob", offers=["archive"])
    async with cluster.running(alice, bob):
        await eventually(lambda: bob.node_id in alice.peers)
        (statistics,) = alice.snapshot().connections.values()
        assert isinstance(statistics, ConnectionStatistics)
        assert (statistics.peer_id, statistics.name, statistics.dialed) == (bob.node_id, "bob", True)
        assert (statistics.offers, statistics.asks_in_flight, statistics.serving) == (("archive",), 0, 0)
        assert statistics.bytes_sent > 0
        assert json.loads(msgspec.json.encode(statistics))["name"] == "bob"
