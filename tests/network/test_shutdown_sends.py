"""Nodes that shut down, from many seeds: each send has an end that is true."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest
from shutting_down import Desk, Item, Job, actor
from virtual_time import outcome_of

from peerbus.actors import (
    LOCAL,
    Channel,
    NoRoute,
    Peer,
    Reactor,
    ShuttingDown,
    handles,
)
from peerbus.node import Node
from peerbus.testing import Simulation, Uniform


class Sender(Reactor):
    """Sends its jobs to the desks of peers, and keeps what became of each."""

    channel = Channel("sender", messages=(Job,), timeout=60.0)

    def __init__(self, ends: dict[int, object]) -> None:
        super().__init__()
        self.ends = ends

    @handles(Job)
    async def send(self, job: Job) -> None:
        await asyncio.sleep(job.seconds)
        to = Peer(job.to) / Desk
        send = self.ask(to, Item(job.number), timeout=60) if job.asks else self.tell(to, Item(job.number), timeout=60)
        self.ends[job.number] = await outcome_of(send)


LATENCIES: tuple[float | Uniform, ...] = (0.0, 0.001, Uniform(0.0, 0.05))


async def network(sim: Simulation, ends: dict[int, object]) -> tuple[Node, list[Node]]:
    """A node with a Sender, and two peers with a Desk, connected."""
    rng = sim.rng
    sim.network.shape(latency=rng.choice(LATENCIES), bandwidth=rng.choice([None, 1e6]))
    desks = [await sim.node(name, discover=False, reactors=[Desk], shutdown_timeout=30.0) for name in ("one", "two")]
    node = await sim.node(
        "node",
        discover=False,
        peers=["one", "two"],
        reactors=[partial(Sender, ends)],
        channels=[Desk.channel],
        shutdown_timeout=30.0,
    )
    await sim.until(lambda: len(node.peers) == 2 and all(desk.peers for desk in desks), within=10)
    return node, desks


def jobs_of(sim: Simulation, desks: list[Node]) -> list[Job]:
    rng = sim.rng
    return [
        Job(number, rng.choice(desks).node_id, rng.choice([0.0, rng.uniform(0.0, 0.5)]), rng.random() < 0.5)
        for number in range(rng.randrange(1, 30))
    ]


@pytest.mark.seeds(20)
async def test_all_that_a_node_was_told_before_it_shut_down_is_done(sim: Simulation) -> None:
    ends: dict[int, object] = {}
    node, desks = await network(sim, ends)
    jobs = jobs_of(sim, desks)
    for job in jobs:
        await node.tell(LOCAL / Sender, job)
    await sim.run_for(sim.rng.uniform(0.0, 2.0))
    began = sim.time
    await node.aclose()
    assert ends == {job.number: job.number if job.asks else None for job in jobs}
    assert sim.time - began < 1 + sum(job.seconds for job in jobs)
    kept = sorted(number for desk in desks for number in actor(desk, "desk").kept)
    assert kept == [job.number for job in jobs]


@pytest.mark.seeds(30)
async def test_of_nodes_that_shut_down_together_each_send_has_an_end_that_is_true(sim: Simulation) -> None:
    ends: dict[int, object] = {}
    node, desks = await network(sim, ends)
    taken = [actor(desk, "desk").kept for desk in desks]
    jobs = jobs_of(sim, desks)
    for job in jobs:
        await node.tell(LOCAL / Sender, job)

    async def stop(which: Node, after: float) -> None:
        await asyncio.sleep(after)
        await which.aclose()

    stopping = sim.rng.sample([node, *desks], sim.rng.choice([2, 3]))
    began = sim.time
    await asyncio.gather(*(stop(each, sim.rng.choice([0.0, 0.0, sim.rng.uniform(0.0, 2.0)])) for each in stopping))
    assert sim.time - began < 4 + sum(job.seconds for job in jobs)  # nobody waits for nobody
    await node.aclose()
    kept = {number for each in taken for number in each}
    assert sorted(ends) == [job.number for job in jobs]
    for job in jobs:
        end = ends[job.number]
        if isinstance(end, NoRoute | ShuttingDown):
            assert job.number not in kept
        elif job.asks:
            assert end == job.number
            assert job.number in kept
        else:
            assert end is None  # accepted; what was not taken then is a dead letter
