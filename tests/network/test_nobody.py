"""A send that finds nobody says why: what is missing of those who are there, and how others are looked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from peerbus.actors import EVERYONE, LOCAL, Bus, Channel, DeadlineExceeded, NoRoute, Peer, Reactor, Role, handles
from peerbus.node import Node
from peerbus.testing import Simulation


@dataclass(frozen=True)
class Get:
    height: int


class Blocks(Reactor):
    channel = Channel("blocks", messages=(Get,))

    @handles(Get)
    def get(self, get: Get) -> int:
        return get.height


class Other(Reactor):
    channel = Channel("other", messages=(Get,))

    @handles(Get)
    def never(self, _: Get) -> None: ...


ARCHIVE = Role("archive") / Blocks


async def why(node: Node | Bus, to: Any) -> str:
    """What a wait for a peer says that ends in vain."""
    with pytest.raises(DeadlineExceeded) as caught:
        await node.ask(to, Get(1), timeout=0.05, wait_for_peer=True)
    assert caught.value.phase == "route"
    return str(caught.value)


@pytest.mark.seeds(1)
async def test_who_waits_in_vain_hears_how_peers_are_looked_for_and_that_nobody_was_met(sim: Simulation) -> None:
    node = await sim.node("alone", network="prod", channels=[Blocks.channel], peers=["memory://bob"], pex=True)
    text = await why(node, ARCHIVE)
    assert text.startswith("nobody answered to bus://role:archive/blocks until the deadline: 0 peers are connected; ")
    assert "in the network 'prod', and none has been since the start; peers are looked for " in text
    assert "at memory://bob" in text
    assert "by asking peers for theirs" in text
    with pytest.raises(NoRoute, match="none has been since the start"):
        await node.ask(ARCHIVE, Get(1))


async def test_a_node_that_looks_for_nobody_says_what_would() -> None:
    async with Node("alone", channels=[Blocks.channel]) as node:
        assert "in no way: mdns=True, peers=[…] or finders=… would" in await why(node, ARCHIVE)
        assert "that peer is not connected; in the network 'peerbus'" in await why(node, Peer("a" * 64) / Blocks)
        assert "alone ran no actor called 'blocks'" in await why(node, LOCAL / Blocks)


async def test_a_bus_says_that_it_has_no_network() -> None:
    async with Bus("plain") as bus:
        assert "a bus has no network of its own" in await why(bus, ARCHIVE)


@pytest.mark.seeds(1)
async def test_where_peers_are_it_says_which_condition_none_of_them_meets(sim: Simulation) -> None:
    node = await sim.node("alice", channels=[Blocks.channel, Other.channel])
    bob = await sim.node("bob", offers={"archive{from=100}", "index"}, reactors=[Other])
    await sim.until(lambda: node.peers, within=30)
    assert "1 peer is connected, none of them offers 'miner'; they offer archive, index" in await why(
        node, Role("miner") / Other
    )
    assert "1 of them offer 'archive', none of these runs 'blocks'" in await why(node, ARCHIVE)
    assert "none with from<50" in await why(node, Role("archive", where="from<50") / Other)
    assert "none of them runs 'blocks'" in await why(node, EVERYONE / Blocks)
    assert "that peer is connected, and runs no reactor 'blocks'" in await why(node, Peer(bob.node_id) / Blocks)
    sim.crash("bob")
    await sim.until(lambda: not node.peers, within=120)
    assert "none has been" not in await why(node, ARCHIVE)
