from __future__ import annotations

import asyncio

from inside_pairs import until
from pool_jobs import Job, Jobs, Nap

from peerbus.actors import LOCAL, MemberView, Pool
from peerbus.node import Node

JOBS = LOCAL / Jobs


async def test_the_process_has_what_it_handles_and_what_it_prefetches_and_the_node_has_the_rest() -> None:
    async with Node("pooled", reactors=[Pool(Jobs, processes=1, prefetch=2)]) as node:

        def member() -> MemberView:
            return node.bus.actors.pools["jobs"]().members[0]

        long = asyncio.ensure_future(node.ask(JOBS, Nap(30)))
        await until(lambda: member().at_work == 1)
        others = [asyncio.ensure_future(node.ask(LOCAL / "jobs.1", Job(n))) for n in range(10)]
        await until(lambda: member().queued == 10)
        cell = node.bus.cell("jobs.1")
        assert cell is not None
        await until(lambda: len(cell.mailbox) == 8)
        assert not node.snapshot().ledger.local["jobs"].failed
        # One that is at hand there, and one that waits here, are given up; then the one that holds the others.
        for given_up in (others[0], others[9], long):
            given_up.cancel()
        assert len(await asyncio.gather(*others[1:9])) == 8
        await until(lambda: (member().at_work, member().queued) == (0, 0))
        # Tells are known to be handled when the process says so, large ones too, which wait for credit.
        for number in range(5):
            await node.tell(JOBS, Job(number, "x" * 600_000))
        await until(lambda: (member().at_work, member().queued) == (0, 0))
        assert member().delivered == 1 + 10 + 5
        assert node.snapshot().ledger.balanced
