"""Events of whole nodes: dials that fail, refusals, roles that change, fail-overs; and waits at a peer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from virtual_time import eventually

from peerbus.actors import LOCAL, Bus, Channel, FailedOver, Outcome, Reactor, Role, handles
from peerbus.discovery import PeerNotReached, PeerOptions, PeerRefused, PeerRolesChanged
from peerbus.node import Node
from peerbus.testing import PeerProbe, Simulation

TIMES = PeerOptions(min_retry=0.1, max_retry=1.0, disconnect_cooldown=0.2, stable_after=1.0)


@dataclass(frozen=True)
class Get:
    key: str


class Store(Reactor):
    channel = Channel("store", messages=(Get,), idempotent=(Get,))

    @handles(Get)
    async def get(self, wanted: Get) -> str:
        if wanted.key == "later":
            await self.ask(Role("never") / "store", Get("x"), timeout=60.0, wait_for_peer=True)
        return wanted.key


@dataclass(frozen=True)
class Fetch:
    """Get what a store gets only when somebody is there who is not."""


class Front(Reactor):
    channel = Channel("front", messages=(Fetch,))

    @handles(Fetch)
    async def fetch(self, _: Fetch) -> object:
        return await self.ask(Role("archive") / "store", Get("later"), timeout=30.0)


class Never(Reactor):
    """Has what the others wait for."""

    channel = Store.channel

    @handles(Get)
    def get(self, wanted: Get) -> str:
        return wanted.key


def of_type(node: Node, kind: type) -> list[object]:
    return [kept.event for kept in node.events.since() if isinstance(kept.event, kind)]


@pytest.mark.seeds(2)
async def test_a_dial_that_fails_a_refusal_and_other_roles_are_events(sim: Simulation) -> None:
    alice = await sim.node("alice", options=TIMES)
    bob = await sim.node("bob", options=TIMES)
    await sim.until(lambda: alice.peers and bob.peers, within=5)
    bob.offer("archive")
    await sim.until(lambda: PeerRolesChanged(bob.node_id, ("archive",)) in of_type(alice, PeerRolesChanged), within=5)
    assert PeerRolesChanged(bob.node_id, ("archive",)) in of_type(bob, PeerRolesChanged)
    await alice.ban(bob.node_id)
    await sim.until(lambda: of_type(bob, PeerNotReached) or of_type(alice, PeerRefused), within=60)
    seen = {getattr(event, "reason", "") for event in (*of_type(bob, PeerNotReached), *of_type(alice, PeerRefused))}
    assert "banned" in seen


@pytest.mark.seeds(2)
async def test_a_wait_for_a_peer_and_for_somebody_who_is_not_there_are_edges(sim: Simulation) -> None:
    alice = await sim.node("alice", reactors=[Front], channels=[Store.channel], options=TIMES)
    bob = await sim.node("bob", reactors=[Store], offers={"archive"}, options=TIMES)
    await sim.until(lambda: alice.peers and bob.peers, within=10)
    asked = alice.ask(LOCAL / "front", Fetch(), timeout=30.0)
    await sim.until(lambda: bob.waits() and alice.waits(), within=10)
    (here,), (there,) = alice.waits(), bob.waits()
    assert (here.actor, here.to, here.what) == ("bus://local/front", f"bus://{bob.node_id}/store", "answer")
    assert (here.handling, here.sent) == ("Fetch", "Get")
    assert (there.actor, there.to, there.what) == ("bus://local/store", "bus://role:never/store", "route")
    await sim.node("carol", reactors=[Never], offers={"never"}, options=TIMES)
    assert await asked == "later"
    assert not alice.waits()


async def _awaited(outcome: Outcome[Any]) -> Any:
    return await outcome


async def test_a_fail_over_is_an_event() -> None:
    async with (
        Bus(rng=Random(1)) as bus,
        PeerProbe(bus, reactors=[Never], roles={"archive"}, name="one") as one,
        PeerProbe(bus, reactors=[Never], roles={"archive"}, name="two") as two,
        bus.subscribe(FailedOver) as events,
    ):
        asking = asyncio.ensure_future(_awaited(bus.ask(Role("archive") / "store", Get("key"))))
        await eventually(lambda: one.received or two.received)
        gone, other = (one, two) if one.received else (two, one)
        other.answer(Get, "found")
        await gone.leave("crashed")
        assert await asking == "found"
        assert await events.get() == FailedOver("bus://role:archive/store", "Get", gone.id, other.id, "peer_gone")
