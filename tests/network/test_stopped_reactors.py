"""Reactors that stop while a peer's asks lie in their mailboxes: what no handler has seen is asked of another peer."""

from __future__ import annotations

import asyncio

import pytest
from clusters import Cluster
from virtual_time import eventually, in_virtual_time

from peerbus.actors import (
    ActorStopped,
    Channel,
    Key,
    Message,
    NoSuchReactor,
    Outcome,
    Peer,
    Reactor,
    Request,
    Role,
    handles,
)
from peerbus.actors.routing.choice import rendezvous


class Append(Message, Request[str]):
    """Not to be handled twice."""

    seconds: float


class Blocks(Reactor):
    channel = Channel("blocks", messages=(Append,), timeout=1000)

    def __init__(self) -> None:
        super().__init__()
        self.begun = 0

    @handles(Append)
    async def append(self, append: Append) -> str:
        self.begun += 1
        await asyncio.sleep(append.seconds)
        return f"by the {self.begun}."


async def awaited(outcome: Outcome[str]) -> str:
    return await outcome


@in_virtual_time
async def test_an_ask_that_lay_unseen_in_a_peers_reactor_goes_on_and_one_that_had_begun_does_not() -> None:
    cluster = Cluster(3)
    alice = cluster.node("alice", peers=("bob", "carol"), channels=[Blocks.channel])
    bob, carol = (cluster.node(name, reactors=[Blocks], offers={"archive"}) for name in ("bob", "carol"))
    async with cluster.running(alice, bob, carol):
        await alice.wait_for_peers(2, role="archive")
        ids = [bob.node_id, carol.node_id]
        key = next(str(each) for each in range(1000) if rendezvous(str(each), ids)[0] == bob.node_id)
        to = Role("archive", Key(key)) / Blocks
        begun = asyncio.ensure_future(awaited(alice.ask(to, Append(500))))
        await asyncio.sleep(1)
        unseen = asyncio.ensure_future(awaited(alice.ask(to, Append(0))))
        named = asyncio.ensure_future(awaited(alice.ask(Peer(bob.node_id) / Blocks, Append(0))))
        cell = bob.bus.cell("blocks")
        assert cell is not None
        await eventually(lambda: len(cell.mailbox) == 2)
        cell.kill("for the test")
        assert await unseen == "by the 1."
        with pytest.raises(ActorStopped) as stopped:
            await begun
        assert not stopped.value.never_sent
        with pytest.raises(NoSuchReactor) as gone:
            await named
        assert gone.value.never_sent
