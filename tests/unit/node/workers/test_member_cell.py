from __future__ import annotations

import asyncio
import os
import signal

from inside_pairs import until
from pool_jobs import Job, Jobs, Nap

from peerbus.actors import LOCAL, MemberView, PeerGone, Pool
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


async def test_what_waited_for_credit_of_a_process_that_is_killed_is_done_by_another_member() -> None:
    async with Node("pooled", reactors=[Pool(Jobs, processes=2, prefetch=5)]) as node:
        cell = node.bus.cell("jobs.1")
        assert cell is not None
        pids = [member.pid for member in node.bus.actors.pools["jobs"]().members]
        long = asyncio.ensure_future(node.ask(LOCAL / "jobs.1", Nap(30), timeout=60))
        await until(lambda: cell.at_work() == 1)
        large = [asyncio.ensure_future(node.ask(LOCAL / "jobs.1", Job(n, "x" * 600_000), timeout=60)) for n in range(4)]
        await until(lambda: len(cell.mailbox) == 0)
        os.kill(pids[0], signal.SIGKILL)
        assert isinstance(await asyncio.gather(long, return_exceptions=True), list)
        results = await asyncio.gather(*large, return_exceptions=True)
        # What was written may have arrived, and fails; what waited for credit was never there.
        assert [type(each) for each in results] == [PeerGone, str, str, str]
        assert all("@" in str(each) for each in results[1:])
        await until(lambda: node.snapshot().ledger.balanced)
