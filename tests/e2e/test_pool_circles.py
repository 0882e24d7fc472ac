"""Circles of waits through a pool whose members run in processes, over actors of the node and of another one."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from crunching import Counter, Pid, Round, Second, Third, Wait
from inside_pairs import until

from peerbus.actors import LOCAL, Peer, Pool, RemoteError
from peerbus.node import Node

SECOND = LOCAL / Second


@pytest.mark.parametrize("prefetch", [0, 1])
async def test_processes_that_all_wait_for_an_actor_that_waits_for_the_pool_are_found(prefetch: int) -> None:
    third = str(LOCAL / Third)
    async with Node("n", reactors=[Pool(Second, processes=2, prefetch=prefetch), Third]) as node:
        asks = [node.ask(SECOND, Round((third, str(SECOND))), timeout=60) for _ in range(2)]
        results = await asyncio.gather(*asks, return_exceptions=True)
        failed = [each for each in results if isinstance(each, RemoteError)]
        # With `prefetch` what the other actor asks may stand behind the member that waits for it, which ends that wait.
        assert 1 <= len(failed) <= 1 + prefetch, results
        assert {each.code for each in failed} == {"Deadlock"}
        assert "/third → " in str(failed[0])
        assert await node.ask(SECOND, Pid(), timeout=5)
        await until(lambda: node.snapshot().ledger.balanced)


async def test_a_ring_over_a_pool_of_processes_and_another_node_is_found(tmp_path: Path) -> None:
    where = f"unix://{tmp_path}/s"
    async with (
        Node("n", reactors=[Pool(Second, processes=2, prefetch=0)], listen=[where], channels=[Third.channel]) as node,
        Node("m", reactors=[Third], peers=[where], channels=[Second.channel]) as other,
    ):
        back, there = str(Peer(node.node_id) / Second), str(Peer(other.node_id) / Third)
        await until(lambda: len(node.peers) == 1 == len(other.peers))
        asks = [node.ask(SECOND, Round((there, back)), timeout=60), node.ask(SECOND, Round((str(SECOND),)), timeout=60)]
        results = await asyncio.gather(*asks, return_exceptions=True)
        failed = [each for each in results if isinstance(each, RemoteError)]
        assert len(failed) == 1, results
        assert failed[0].code == "Deadlock"
        assert {name in str(failed[0]) for name in (there, "second.1", "second.2")} == {True}
        await until(lambda: node.snapshot().ledger.balanced)


async def test_where_a_process_will_be_free_its_pool_is_waited_for() -> None:
    async with Node("n", reactors=[Pool(Second, processes=3), Counter]) as node:
        long = node.ask(SECOND, Wait(1.5), timeout=60)
        asks = [node.ask(SECOND, Round((str(SECOND),)), timeout=60) for _ in range(2)]
        assert await asyncio.gather(*asks) == ["through"] * 2
        assert await long == "waited"
        assert await node.ask(LOCAL / Counter, Pid(), timeout=5) == os.getpid()
