"""A node at one instant is a value that JSON can hold."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from clusters import Cluster
from virtual_time import eventually, in_virtual_time

from peerbus.actors import Actor, handles
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


@dataclass(frozen=True)
class Job:
    """Anything."""


class Held(Actor):
    """Its second message waits."""

    @handles(Job)
    async def hold(self, _: Job) -> None:
        await asyncio.Event().wait()


def calls_of(look: Callable[[], object]) -> int:
    """How many calls of functions it makes, of Python's and of C's: what it costs on any machine."""
    count = 0

    def counted(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(counted)
    try:
        look()
    finally:
        sys.setprofile(None)
    return count


@in_virtual_time
async def test_a_snapshot_costs_little_more_for_each_actor_and_each_peer() -> None:
    cluster = Cluster()
    hub = cluster.node("hub")
    peers = [cluster.node(f"peer{number}", peers=("hub",)) for number in range(24)]
    async with cluster.running(hub, *peers[:4]):
        for _ in range(60):
            hub.spawn(Held)  # as many as are listed
        await asyncio.sleep(0.1)
        with_few = calls_of(hub.snapshot)
        for _ in range(200):
            hub.spawn(Held)
        await asyncio.sleep(0.1)
        idle = calls_of(hub.snapshot)
        # One call that adds its account to the sum, and one that says how many were sent to it.
        assert idle - with_few < 200 * 3
        for ref in [hub.spawn(Held) for _ in range(200)]:
            hub.bus.tell(ref, Job())
            hub.bus.tell(ref, Job())
        await eventually(lambda: hub.snapshot().actors.channels["-"].queued == 200)
        await asyncio.sleep(0.1)
        # And what the age of what it holds takes.
        assert calls_of(hub.snapshot) - idle <= 200 * 8
        before = calls_of(lambda: hub.snapshot(0))
        async with cluster.running(*peers[4:]):
            await eventually(lambda: len(hub.peers) == 24)
            # Nothing of a peer is listed: its connection, its credit, its streams and its account are summed.
            assert calls_of(lambda: hub.snapshot(0)) - before <= 20 * 42
