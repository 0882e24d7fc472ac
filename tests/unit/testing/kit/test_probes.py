"""Probes of one test stand on a bus of its own or on one that is given, and are closed when the test ends."""

from __future__ import annotations

from contextlib import AsyncExitStack

import pytest

from peerbus.actors import LOCAL, Actor, ActorStopped, Bus, Channel, Message, NoSuchReactor, Reactor, handles
from peerbus.testing import Probes, Told


class Get(Message):
    height: int


class Blocks(Reactor):
    channel = Channel("blocks", messages=(Get,))


class Passes(Actor):
    @handles(int)
    def passes(self, number: int) -> None:
        self.tell(LOCAL / "blocks", number + 1)


async def test_probes_without_a_bus_share_one_of_the_tests_own() -> None:
    async with AsyncExitStack() as opened:
        probes = Probes(opened)
        blocks, other = await probes("blocks"), await probes("other")
        assert blocks.bus is other.bus is await probes.bus()
        await other.tell(LOCAL / "blocks", "hello")
        assert await blocks.expect(str) == "hello"
        assert blocks.last.sender == LOCAL / "other"
    assert (await probes.bus()).closing


async def test_a_probe_stands_where_it_is_put_and_leaves_that_at_the_end() -> None:
    async with Bus("mine") as bus:
        async with AsyncExitStack() as opened:
            probes = Probes(opened)
            blocks = await probes(Blocks, on=bus)
            beside = await probes("beside", on=blocks)
            assert blocks.bus is beside.bus is bus
        with pytest.raises((NoSuchReactor, ActorStopped)):
            await bus.ask(LOCAL / "blocks", Get(1))
        assert not bus.closing


async def test_a_peer_can_be_sent_to_as_long_as_the_test_runs() -> None:
    async with AsyncExitStack() as opened:
        probes = Probes(opened)
        peer = await probes.peer(reactors=["notes"], roles=["archive"], name="bob")
        bus = await probes.bus()
        assert list(bus.routes.peers) == [peer.id]
        assert list(bus.routes.peers[peer.id].roles) == ["archive"]
    assert not bus.routes.peers


async def test_an_actor_alone_ends_with_the_test() -> None:
    async with AsyncExitStack() as opened:
        passes = await Probes(opened).alone(Passes)
        await passes.tell(7)
        assert passes.sent == [Told(LOCAL / "blocks", 8)]
        assert not passes.stopped
    assert passes.stopped


async def test_the_same_seed_gives_the_same_chance() -> None:
    async def drawn(seed: int) -> float:
        async with AsyncExitStack() as opened:
            return (await Probes(opened, seed=seed).bus()).rng.random()

    assert await drawn(1) == await drawn(1) != await drawn(2)
