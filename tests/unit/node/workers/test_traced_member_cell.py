"""Traces through a pool whose members run in processes: as through any other pool, and on into the process."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest
from inside_pairs import until
from pool_jobs import Adding, Job, Jobs, Nap, Spread, Steps, Taking
from spans import Spans, attribute

from peerbus.actors import LOCAL, Peer, PeerGone, Pool
from peerbus.node import Node

JOBS = LOCAL / Jobs


@pytest.fixture
def spans() -> Iterator[Spans]:
    made = Spans()
    yield made
    made.provider.shutdown()


def handled(spans: Spans) -> list[str]:
    """By which send each handler was begun, which member it was, and whether its process says so."""
    done = [each for each in spans.all if each.name.startswith("process jobs")]
    assert all(attribute(each, "worker") == each.name.removeprefix("process ") for each in done)
    return sorted(f"{spans.parent(each)} > {each.name}" for each in done)


async def test_each_way_of_sending_has_the_handler_in_its_trace(spans: Spans, tmp_path: object) -> None:
    where = f"unix://{tmp_path}/s"
    pool = Pool(Jobs, processes=1, prefetch=3)
    async with (
        Node("node", reactors=[pool], listen=[where], extensions=[spans.tracing()]) as node,
        Node("peer", channels=[Jobs.channel], peers=[where], extensions=[spans.tracing()]) as peer,
    ):
        await until(lambda: bool(peer.peers and node.peers))
        for reader, to in ((node, JOBS), (node, LOCAL / "jobs.1"), (peer, Peer(node.node_id) / Jobs)):
            spans.clear()
            name = to.reactor
            assert await reader.ask(to, Job(1))
            await reader.tell(to, Job(2))
            assert await reader.tell_many(to, [Job(3), Job(4)]) == 2
            assert [each async for each in reader.stream(to, Steps(3))] == [0, 1, 2]
            async with reader.open(to, Taking()) as talk:
                await talk.send(7)
                assert await talk.result() == 7
            async with reader.open(to, Adding()) as talk:
                await talk.send(8)
                await talk.end()
                assert [each async for each in talk] == [8]
            await until(lambda: spans.whole and len(handled(spans)) == 7)
            ways = ["ask", "open", "open", "stream", "tell", "tell_many", "tell_many"]
            assert handled(spans) == [f"{way} {name} > process jobs.1" for way in ways]
            waits = [each for each in spans.all if each.name.startswith("wait ") and spans.parent(each)]
            queues = [str(attribute(each, "queue")) for each in waits if attribute(each, "worker") is None]
            assert queues.count("mailbox") == 7, "it waits for the process once"
            there = [each for each in waits if attribute(each, "worker") == "jobs.1"]
            assert [attribute(each, "queue") for each in there] == ["mailbox"] * 7, "and in it once"
        # By its ref, and what the member itself sends, which is below what it does.
        spans.clear()
        cell = node.bus.cell("jobs.1")
        assert cell is not None
        assert cell.ref is not None
        cell.ref.tell(Job(5))
        assert await node.ask(JOBS, Spread(6))
        await until(lambda: spans.whole and len(handled(spans)) == 3)
        assert handled(spans) == ["ask jobs > process jobs.1"] * 2 + ["tell jobs.1 > process jobs.1"]
        asked = [each for each in spans.named("ask jobs") if attribute(each, "worker") == "jobs.1"]
        assert [spans.parent(each) for each in asked] == ["process jobs.1"]


async def test_what_a_process_takes_with_it_is_over_and_what_waits_is_handled_in_the_same_trace(spans: Spans) -> None:
    async with Node("node", reactors=[Pool(Jobs, processes=1)], extensions=[spans.tracing()]) as node:
        long = asyncio.ensure_future(node.ask(JOBS, Nap(30)))
        view = node.bus.actors.pools["jobs"]
        await until(lambda: view().members[0].at_work == 1)
        waiting = [asyncio.ensure_future(node.ask(JOBS, Job(n))) for n in range(3)]
        os.kill(view().members[0].pid, signal.SIGKILL)
        results = await asyncio.gather(long, *waiting, return_exceptions=True)
        assert isinstance(results[0], PeerGone)
        answered = sum(isinstance(each, str) for each in results)
        assert answered >= 2, "one more was at hand there, at most"

        def ends() -> list[str]:
            return [str(attribute(each, "error.type")) for each in spans.named("process jobs.1")]

        await until(lambda: spans.whole and ends().count("None") == answered)
        lost = ends().count("worker_ended")
        assert lost <= 1, "none, where it was ended before it had said that it began"
        assert len(ends()) == answered + lost
        assert handled(spans) == ["ask jobs > process jobs.1"] * (answered + lost)
