"""A send that finds nobody says why: what is missing of those who are there, and how others are looked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from peerbus.actors import EVERYONE, LOCAL, Bus, Channel, DeadlineExceeded, NoRoute, Peer, Reactor, Role, handles
from peerbus.discovery.mind.manager import PeerManager
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
    assert text.startswith(
        "Get was not sent to bus://role:archive/blocks before its deadline: no peer is connected; this node looks for "
        "peers of the network 'prod' by "
    )
    assert text.endswith(
        "at memory://bob, by asking peers for theirs, and has met none since its start; the last dial came to nothing: "
        "memory://bob: nobody listens there"
    )
    with pytest.raises(
        NoRoute,
        match=r"and has met none since its start; .*; tell, ask and stream wait for one with wait_for_peer=True",
    ):
        await node.ask(ARCHIVE, Get(1))


@pytest.mark.seeds(1)
async def test_why_is_said_without_a_look_at_all_peers(sim: Simulation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever tells a peer that is gone again and again must not pay for all that are known, each time."""
    node = await sim.node("alone", network="prod", channels=[Blocks.channel])
    bob = await sim.node("bob", network="prod", reactors=[Blocks])
    await sim.until(lambda: node.peers and bob.peers, within=5)
    sim.crash("bob")
    await sim.until(lambda: not node.peers, within=60)

    def no_look(*_: object, **__: object) -> None:
        raise AssertionError("a picture of all peers was taken")

    monkeypatch.setattr(PeerManager, "snapshot", no_look)
    for to in (Peer(bob.node_id) / Blocks, ARCHIVE):
        with pytest.raises(NoRoute) as caught:
            await node.tell(to, Get(1))
        assert "looks for peers of the network 'prod'" in str(caught.value)
        assert "met none" not in str(caught.value)


async def test_a_node_that_looks_for_nobody_says_what_would() -> None:
    async with Node("alone", channels=[Blocks.channel]) as node:
        assert "looks for no peers, and has met none since its start; give it mdns=True, peers=[…] or finders=…" in (
            await why(node, ARCHIVE)
        )
        assert "that peer is not connected; this node looks for no peers" in await why(node, Peer("a" * 64) / Blocks)
        assert "alone runs no actor called 'blocks'; spawn it" in await why(node, LOCAL / Blocks)


async def test_an_error_says_what_was_not_sent_where_why_and_what_to_do() -> None:
    stranger = "ab" * 32
    async with Node("alone", network="prod", channels=[Blocks.channel]) as node:
        with pytest.raises(NoRoute) as caught:
            await node.ask(Peer(stranger) / Blocks, Get(1))
    assert str(caught.value) == (
        f"Get was not sent to bus://{stranger}/blocks: that peer is not connected; this node looks for no peers, and "
        "has met none since its start; give it mdns=True, peers=[…] or finders=…, or dial it from a node of the "
        "network 'prod'; tell, ask and stream wait for one with wait_for_peer=True"
    )


async def test_a_bus_says_that_it_has_no_network() -> None:
    async with Bus("plain") as bus:
        assert "a bus has no network of its own" in await why(bus, ARCHIVE)


@pytest.mark.seeds(1)
async def test_where_peers_are_it_says_which_condition_none_of_them_meets(sim: Simulation) -> None:
    node = await sim.node("alice", channels=[Blocks.channel, Other.channel])
    bob = await sim.node("bob", offers={"archive{from=100}", "index"}, reactors=[Other])
    await sim.until(lambda: node.peers, within=30)
    for to, reason in {
        Role("miner") / Other: "no connected peer offers the role 'miner' (1 connected, offering archive, index)",
        ARCHIVE: "no connected peer that offers it runs the reactor 'blocks' (1 of 1 offer the role 'archive')",
        Role("archive", where="from<50") / Other: "no connected peer offers it with from<50 (1 of 1 offer the role",
        EVERYONE / Blocks: "no connected peer runs the reactor 'blocks' (1 connected); start a node that does",
        Peer(bob.node_id) / Blocks: "that peer is connected but runs no reactor 'blocks'; start it there",
    }.items():
        assert reason in await why(node, to)
    with pytest.raises(DeadlineExceeded, match="1 of the 2 receivers that it needs is there; start more"):
        await node.ask(EVERYONE / Other, Get(1), quorum=2, timeout=0.05, wait_for_peer=True)
    sim.crash("bob")
    await sim.until(lambda: not node.peers, within=120)
    assert "none has been" not in await why(node, ARCHIVE)
