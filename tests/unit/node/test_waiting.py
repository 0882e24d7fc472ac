"""Waiting for peers: for a number of them, for those that offer a role, and not for ever."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from peerbus.actors import Channel, DeadlineExceeded, Message, PeerbusError, Reactor, Role, handles
from peerbus.discovery import PeerNotReached, PeerRefused
from peerbus.node import Node
from peerbus.testing import Nodes, Simulation


class Get(Message):
    key: str


class Store(Reactor):
    channel = Channel("store", messages=(Get,))

    @handles(Get)
    def get(self, get: Get) -> str:
        return get.key


async def test_who_has_peers_already_does_not_wait(node: Nodes) -> None:
    alice, bob = await node("alice"), await node("bob")
    assert await alice.wait_for_peers() == (bob.node_id,)
    assert await alice.wait_for_peers(0, timeout=0.01) == (bob.node_id,)


async def test_who_has_waited_can_send_at_once(sim: Simulation) -> None:
    alice = await sim.node("alice", channels=[Store.channel])
    waiting = asyncio.ensure_future(alice.wait_for_peers(2, role="store", timeout=60))
    for name in ("bob", "carol", "dave"):
        await sim.run_for(5)
        assert not waiting.done()
        await sim.node(name, offers={"store"} if name != "bob" else (), reactors=[Store])
    assert len(await waiting) == 2
    everybody = await alice.ask(Role("store", "all") / Store, Get("a"))
    assert set(everybody.answers) == set(await alice.wait_for_peers(2, role="store"))


async def test_a_role_that_is_offered_later_counts(sim: Simulation) -> None:
    alice = await sim.node("alice")
    bob = await sim.node("bob")
    await alice.wait_for_peers()
    waiting = asyncio.ensure_future(alice.wait_for_peers(role="store", timeout=60))
    await sim.run_for(1)
    bob.offer("store")
    assert await waiting == (bob.node_id,)


async def test_a_number_or_a_time_that_is_none_is_refused_at_once(sim: Simulation) -> None:
    alice = await sim.node("alice")
    for count in (-1, True, float("inf"), "2"):
        with pytest.raises(ValueError, match=r"at_least is .*; write a number of peers"):
            await alice.wait_for_peers(cast("int", count))
    with pytest.raises(ValueError, match="the timeout is nan"):
        await alice.wait_for_peers(timeout=float("nan"))
    with pytest.raises(TypeError, match="the timeout is '5'"):
        await alice.wait_for_peers(timeout=cast("float", "5"))


async def test_in_vain_it_says_how_peers_are_looked_for(sim: Simulation) -> None:
    alice = await sim.node("alice", discover=False)
    with pytest.raises(
        DeadlineExceeded,
        match=r"alice has 0 of 2 peers that offer 'store' after 3 s: this node looks for peers .*has met none",
    ) as late:
        await alice.wait_for_peers(2, role="store", timeout=3)
    assert late.value.phase == "route"
    with pytest.raises(ValueError, match="not a role name"):
        await alice.wait_for_peers(role="No Role")


async def test_a_node_that_stops_ends_the_wait() -> None:
    async with Node("alice") as alice:
        waiting = asyncio.ensure_future(alice.wait_for_peers(timeout=60))
        await asyncio.sleep(0)
    with pytest.raises(PeerbusError):
        await waiting


async def test_who_waits_in_vain_is_told_what_those_offer_who_are_there(node: Nodes) -> None:
    alice = await node("alice")
    await node("bob", offers={"index"})
    with pytest.raises(
        DeadlineExceeded, match=r"0 of 1 peers that offer 'store' .*: 1 more connected, offering index; "
    ):
        await alice.wait_for_peers(role="store", timeout=0.01)


async def test_who_waits_for_a_node_of_another_network_is_told_so_on_both_sides() -> None:
    async with (
        Node("alice", network="words", listen=["tcp://127.0.0.1:0"]) as alice,
        Node("bob", network="word", peers=alice.endpoints) as bob,
    ):
        with alice.subscribe(PeerRefused) as refused, bob.subscribe(PeerNotReached) as not_reached:
            await refused.get()
            await not_reached.get()
        with pytest.raises(DeadlineExceeded, match=r"last node that came was not let in: .*the peer is on 'word'"):
            await alice.wait_for_peers(timeout=0.01)
        with pytest.raises(DeadlineExceeded, match=r"last dial came to nothing: .*the peer is on 'words'"):
            await bob.wait_for_peers(timeout=0.01)
