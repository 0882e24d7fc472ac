"""A node whose worker runs elsewhere, while that is not there; tests/e2e/test_workers_elsewhere.py has it come."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest
from crunching import Add, Counter
from inside_pairs import until

from peerbus.actors import LOCAL, DeadlineExceeded, PeerGone
from peerbus.node import Node, Worker
from peerbus.node.workers.setup import unproven_id
from peerbus.node.workers.worker_main import WorkerRun
from peerbus.transports.streams import Endpoint, UnixTransport


async def test_what_is_sent_waits_and_who_comes_and_cannot_work_is_awaited_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    where = f"unix://{tmp_path}/w"
    async with Node("n", processes={"crunch": Worker([Counter], listen=where)}) as node:
        view = node.workers()[0]
        assert (view.state, view.pid, view.begun, view.at) == ("waiting", 0, 1, where)
        with pytest.raises(DeadlineExceeded) as late:
            await node.ask(LOCAL / Counter, Add(1), timeout=0.05)
        assert late.value.phase == "credit"
        waits = asyncio.ensure_future(node.ask(LOCAL / Counter, Add(1), timeout=60))
        for _ in range(2):
            stream = await UnixTransport().dial(Endpoint.parse(where), expect=None, timeout=5)
            await WorkerRun("crunch", unproven_id("crunch"), node.node_id).greet(stream)
            await stream.aclose()
            await until(lambda: "worker came and cannot work" in caplog.text)
            caplog.clear()
            await until(lambda: node._workers._doors[where]._awaited.keys() == {"crunch"})
        assert not waits.done()
    with pytest.raises(PeerGone, match="the worker has ended"):
        await waits
    assert not Path(where.removeprefix("unix://")).exists()  # noqa: ASYNC240  # a moment
