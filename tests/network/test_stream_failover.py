"""A stream of a role that waits for credit: where its peer goes meanwhile, the next one is asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from peerbus.actors import Channel, Message, Peer, PeerGone, Reactor, Request, Role, Stream, handles
from peerbus.testing import Simulation


class Hold(Message):
    pass


class Read(Message, Request[Stream[int]]):
    pass


class Source(Reactor):
    channel = Channel("source", messages=(Hold, Read), window=1)

    @handles(Hold)
    async def hold(self, _: Hold) -> None:
        await asyncio.Event().wait()

    @handles(Read)
    async def read(self, _: Read) -> AsyncIterator[int]:
        yield 7


@pytest.mark.parametrize("another", [True, False])
async def test_it_is_asked_of_the_next_one_where_there_is_one(sim: Simulation, another: bool) -> None:
    alice = await sim.node("alice", channels=[Source.channel])
    bob = await sim.node("bob", reactors=[Source], offers={"source"})
    await sim.until(lambda: len(alice.peers) == 1, within=30)
    for _ in range(2):  # one is handled for ever, and one waits for that: there is no credit any more
        await alice.tell(Peer(bob.node_id) / Source, Hold())

    async def reader() -> list[int]:
        return [item async for item in alice.stream(Role("source") / Source, Read(), timeout=60)]

    reading = asyncio.ensure_future(reader())
    await sim.run_for(1.0)
    if another:
        await sim.node("carol", reactors=[Source], offers={"source"})
        await sim.until(lambda: len(alice.peers) == 2, within=30)
    assert not reading.done()
    sim.crash("bob")
    if another:
        assert await reading == [7]
        return
    with pytest.raises(PeerGone) as gone:
        await reading
    assert gone.value.tried == (bob.node_id,)
