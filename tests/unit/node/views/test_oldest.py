"""The oldest message has been there for exactly as long as is said, whatever keeps it there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from peerbus.actors import Channel, Outcome, Peer, Reactor, Supervision, handles
from peerbus.node import Node
from peerbus.node.views.oldest import OldestView
from peerbus.testing import Simulation


@dataclass(frozen=True)
class Job:
    """Is held."""


class Awaits(Reactor):
    """Its handler is awaited."""

    channel = Channel("jobs", messages=(Job,))

    def __init__(self, opened: asyncio.Event) -> None:
        super().__init__()
        self.opened = opened

    @handles(Job)
    async def hold(self, _: Job) -> None:
        await self.opened.wait()


class Starts(Awaits):
    """Takes its time to start."""

    async def on_start(self) -> None:  # type: ignore[override]  # Pykka knows no such hook
        await self.opened.wait()

    @handles(Job)
    def hold(self, _: Job) -> None:  # type: ignore[override]  # a plain one
        """At once."""


class BacksOff(Awaits):
    """Fails at the first, and is made anew after a while."""

    supervision = Supervision(backoff=40.0, max_backoff=40.0)
    failed = False

    @handles(Job)
    def hold(self, _: Job) -> None:  # type: ignore[override]  # a plain one
        if not BacksOff.failed:
            BacksOff.failed = True
            raise ValueError("the first")


async def asked(outcome: Outcome[object]) -> object:
    return await outcome


def age(node: Node) -> float | None:
    return node.snapshot().oldest.mailboxes.get("jobs")


@pytest.mark.seeds(1)
@pytest.mark.parametrize("reactor", [Awaits, Starts, BacksOff])
async def test_of_an_actor_that_takes_nothing_each_message_has_its_own_age(
    sim: Simulation, reactor: Callable[..., Any]
) -> None:
    opened = asyncio.Event()
    BacksOff.failed = False
    node = await sim.node("alice")
    assert age(node) is None
    ref = node.spawn(reactor, opened)
    if reactor is not Starts:
        node.bus.tell(ref, Job())  # it is held by this one
    await asyncio.sleep(1.0)
    assert age(node) is None
    began = asyncio.get_running_loop().time()
    node.bus.tell(ref, Job())
    assert age(node) in (None, 0.0)
    await asyncio.sleep(5.0)
    assert age(node) == pytest.approx(asyncio.get_running_loop().time() - began, abs=0.002)
    node.bus.tell(ref, Job())
    await asyncio.sleep(5.0)
    node.bus.tell(ref, Job())
    await asyncio.sleep(0.5)
    assert age(node) == pytest.approx(asyncio.get_running_loop().time() - began, abs=0.002)
    assert node.actors().actors
    opened.set()
    await sim.until(lambda: age(node) is None, within=60)
    assert node.snapshot().oldest == OldestView({}, {})


@pytest.mark.seeds(1)
async def test_when_the_oldest_is_taken_the_next_one_is_as_old_as_it_is(sim: Simulation) -> None:
    node = await sim.node("alice")
    gates = [asyncio.Event() for _ in range(3)]
    left = iter(gates)

    class Gated(Reactor):
        channel = Channel("jobs", messages=(Job,))

        @handles(Job)
        async def hold(self, _: Job) -> None:
            await next(left).wait()

    ref = node.spawn(Gated)
    for _ in gates:
        node.bus.tell(ref, Job())
        await asyncio.sleep(3.0)
    assert age(node) == pytest.approx(6.0, abs=0.002)
    gates[0].set()
    await asyncio.sleep(1.0)
    assert age(node) == pytest.approx(4.0, abs=0.002)
    gates[1].set()
    await asyncio.sleep(1.0)
    assert age(node) is None
    gates[2].set()


@pytest.mark.seeds(1)
async def test_of_what_is_under_way_to_a_peer_the_first_that_is_not_confirmed_counts(sim: Simulation) -> None:
    opened = asyncio.Event()
    alice = await sim.node("alice", channels=[Awaits.channel])
    bob = await sim.node("bob", reactors=[partial(Awaits, opened)])
    await sim.until(lambda: alice.peers and bob.peers, within=10)
    to = Peer(bob.node_id) / "jobs"
    await alice.tell(to, Job())  # is being handled
    await asyncio.sleep(10.0)
    assert alice.snapshot().oldest.lanes == {}
    began = asyncio.get_running_loop().time()
    asks = []
    for _ in range(2):
        asks.append(asyncio.ensure_future(asked(alice.ask(to, Job(), timeout=300.0))))
        await asyncio.sleep(5.0)
    now = asyncio.get_running_loop().time()
    assert alice.snapshot().oldest.lanes["jobs"] == pytest.approx(now - began, abs=0.002)
    assert age(bob) == pytest.approx(now - began, abs=1.0)
    (connection,) = alice.snapshot().connections.values()
    assert connection.lanes["jobs"].oldest == alice.snapshot().oldest.lanes["jobs"]
    opened.set()
    await asyncio.gather(*asks)
    await asyncio.sleep(10.0)
    assert alice.snapshot().oldest.lanes == {}
