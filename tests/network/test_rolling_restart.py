"""Servers that are restarted one after the other under load, and a client that knows of them by seeds alone."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from peerbus.actors import Channel, Message, Reactor, Role, SendError, handles
from peerbus.node import Node
from peerbus.testing import Simulation

SERVERS = ("one", "two", "three")
#: Seconds: one ask may take; between two of them; a server is away.
PATIENCE, PACE, AWAY = 5.0, 0.05, 6.0


class Get(Message):
    """What is asked."""

    number: int


class Store(Reactor):
    """Answers with the number."""

    channel = Channel("store", messages=(Get,), idempotent=(Get,), timeout=PATIENCE)

    @handles(Get)
    def get(self, message: Get) -> int:
        return message.number


async def load(client: Node, asks: list[asyncio.Task[int]]) -> None:
    while True:
        asks.append(asyncio.ensure_future(client.ask(Role("store") / Store, Get(number=len(asks)), reply=int)))
        await asyncio.sleep(PACE)


@pytest.mark.seeds(3)
async def test_a_client_with_seeds_alone_loses_nothing_while_its_servers_are_restarted_in_turn(sim: Simulation) -> None:
    seeds = [f"memory://{name}" for name in SERVERS]
    for name in SERVERS:
        await sim.node(name, discover=False, seeds=seeds, reactors=[Store], offers={"store"})
    client = await sim.node("client", discover=False, seeds=seeds, listen=(), channels=[Store.channel])
    await sim.until(lambda: len(client.peers) == len(SERVERS), within=30)
    asks: list[asyncio.Task[int]] = []
    loading = asyncio.ensure_future(load(client, asks))
    for name in SERVERS:
        leaving = sim.nodes[name]
        leaving.drain(within=2.0)
        await sim.run_for(2.0)
        await leaving.aclose()
        await sim.run_for(AWAY)
        await sim.restart(name)  # it listens now: the next one goes at once
    await sim.run_for(2 * PATIENCE)
    loading.cancel()
    with suppress(asyncio.CancelledError):
        await loading
    ends = await asyncio.gather(*asks, return_exceptions=True)
    assert [end for end in ends if isinstance(end, SendError)] == []
    assert ends == list(range(len(ends)))
    assert len(client.peers) == len(SERVERS)
