from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest
from inside_pairs import until
from pool_jobs import Again, Job, Jobs, Linger

from peerbus.actors import LOCAL, MemberView, PeerGone, Pool, RemoteError
from peerbus.node import Node

JOBS = LOCAL / Jobs


async def test_what_is_handled_beside_the_next_messages_goes_down_with_its_process_and_holds_no_place(
    tmp_path: Path,
) -> None:
    async with Node("pooled", reactors=[Pool(Jobs, processes=1)]) as node:

        def member() -> MemberView:
            return node.bus.actors.pools["jobs"]().members[0]

        beside = [asyncio.ensure_future(node.ask(JOBS, Linger(str(tmp_path / str(n))))) for n in range(4)]
        await until(lambda: member().at_work == 4)
        assert await node.ask(JOBS, Job(1)), "there is a place, though a process has two at hand"
        os.kill(member().pid, signal.SIGKILL)
        for ask in beside:
            with pytest.raises(PeerGone):
                await ask
        assert await node.ask(JOBS, Job(2))
        await until(lambda: (member().at_work, member().queued) == (0, 0))
        assert node.snapshot().ledger.balanced


@pytest.mark.parametrize("processes", [1, 2, 3])
async def test_a_pool_whose_processes_all_wait_for_it_is_found(processes: int) -> None:
    async with Node("pooled", reactors=[Pool(Jobs, processes=processes)]) as node:
        for count in (1, 3):  # the ask of its own is at hand in the process, and waits behind others here
            asks = [node.ask(JOBS, Again(), timeout=60) for _ in range(count * processes)]
            results = await asyncio.gather(*asks, return_exceptions=True)
            failed = [each for each in results if isinstance(each, RemoteError)]
            assert {each.code for each in failed} == {"Deadlock"}, results
            assert "jobs.1 → " in str(failed[0])
            if processes > 1:
                assert len(failed) < len(results), "of a circle one wait fails, and the others go on"
        assert await node.ask(JOBS, Job(1))
        assert node.snapshot().ledger.balanced
