"""How a pool is at an instant."""

from __future__ import annotations

import asyncio

from peerbus.actors import LOCAL, Channel, Message, Pool, Reactor, handles
from peerbus.testing import Simulation


class Work(Message):
    """Takes two seconds."""


class Worker(Reactor):
    channel = Channel("work", messages=(Work,))

    @handles(Work)
    async def work(self, _: Work) -> None:
        await asyncio.sleep(2)


async def test_what_waits_what_is_at_work_and_for_how_long_is_told_by_member_and_together(sim: Simulation) -> None:
    node = await sim.node("a", discover=False, reactors=[Pool(Worker, members=2)])
    assert node.snapshot().pools[0].oldest is None
    for _ in range(9):
        await node.tell(LOCAL / Worker, Work())
    await sim.run_for(1.5)
    (pool,) = node.snapshot().pools
    assert (pool.name, pool.actor_class, pool.channel, pool.state, pool.pick) == (
        "work",
        "WorkerPool",
        "work",
        "running",
        "least",
    )
    assert (pool.size, pool.lower, pool.upper, pool.automatic, pool.lost, pool.moving) == (2, 1, 256, False, 0, False)
    assert [(each.name, each.runs, each.queued, each.at_work) for each in pool.members] == [
        ("work.1", "loop", 1, 1),
        ("work.2", "loop", 1, 1),
    ]
    assert pool.held == 5
    assert pool.oldest is not None
    assert 1.4 < pool.oldest <= 1.5
    await sim.run_for(30)
    (pool,) = node.snapshot().pools
    assert (pool.held, pool.oldest, sum(each.delivered for each in pool.members)) == (0, None, 9)
