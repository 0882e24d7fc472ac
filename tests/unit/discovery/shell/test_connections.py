"""The connections of a node: one actor each, told what the node tells its peers, forgotten when they end."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

from clusters import Cluster
from virtual_time import eventually, in_virtual_time

from peerbus.actors import Channel, Outcome, Peer, Reactor, handles


@in_virtual_time
async def test_each_connection_is_an_actor_that_is_named_after_its_peer() -> None:
    cluster = Cluster()
    alice = cluster.node("alice", peers=("bob", "carol"))
    bob, carol = cluster.node("bob"), cluster.node("carol")
    async with cluster.running(alice, bob, carol):
        connections = alice.snapshot().connections
        assert {each.peer_id for each in connections.values()} == {bob.node_id, carol.node_id}
        for name, each in connections.items():
            assert re.fullmatch(rf".*peer-{each.peer_id[:8]}-\d+", name)


@in_virtual_time
async def test_all_are_told_of_a_new_role_and_one_that_has_ended_is_forgotten() -> None:
    cluster = Cluster()
    alice = cluster.node("alice", peers=("bob", "carol"))
    bob, carol = cluster.node("bob"), cluster.node("carol")
    async with cluster.running(alice, bob, carol):
        alice.offer("archive")
        await eventually(lambda: all("archive" in node.bus.routes.peers[alice.node_id].roles for node in (bob, carol)))
        await carol.aclose()
        await eventually(lambda: [each.peer_id for each in alice.snapshot().connections.values()] == [bob.node_id])
        alice.offer("index")
        await eventually(lambda: "index" in bob.bus.routes.peers[alice.node_id].roles)


@dataclass(frozen=True)
class Job:
    """Is never done."""


class Jobs(Reactor):
    channel = Channel("jobs", messages=(Job,), mailbox=2, window=2)

    @handles(Job)
    async def do(self, _: Job) -> None:
        await asyncio.Event().wait()


def own(name: str) -> type[Reactor]:
    """A reactor on a channel of its own."""

    class Own(Reactor):
        channel = Channel(name, messages=(Job,))

        @handles(Job)
        def do(self, _: Job) -> None:
            """Nothing."""

    return Own


async def sent(outcome: Outcome[object]) -> object:
    return await outcome


@in_virtual_time
async def test_what_peers_would_take_is_the_sum_of_all_and_channels_that_are_not_known_here_are_one() -> None:
    cluster = Cluster()
    alice = cluster.node("alice", peers=("bob", "carol"), channels=[Jobs.channel])
    others = [cluster.node(name, reactors=[Jobs, own(f"own-{name}")]) for name in ("bob", "carol")]
    async with cluster.running(alice, *others):
        whole = alice.snapshot().credit
        assert set(whole) == {"jobs", "-"}
        assert (whole["jobs"].messages, whole["jobs"].waiting) == (4, 0)
        sends = [asyncio.ensure_future(sent(alice.tell(Peer(others[0].node_id) / Jobs, Job()))) for _ in range(4)]
        await eventually(lambda: alice.snapshot().credit["jobs"].waiting == 1)
        left = alice.snapshot().credit["jobs"]
        assert left.messages == 2
        assert left.bytes < whole["jobs"].bytes
        await alice.disconnect(others[0].node_id)
        await asyncio.gather(*sends, return_exceptions=True)
