"""A worker takes a second to begin, so each test does on one node what would else be several tests."""

from __future__ import annotations

import asyncio
import os
import signal
import time

import pytest
from crunching import Add, Counter, Hold, Kill, Look, Pid, Relay, Second, Third, Total, Wait
from inside_pairs import until

from peerbus.actors import LOCAL, DeadlineExceeded, NoSuchReactor, PeerGone, Pool, SendError, Supervision
from peerbus.node import Node, Worker

COUNTER, SECOND, THIRD = LOCAL / Counter, LOCAL / Second, LOCAL / Third


async def test_a_worker_that_ends_or_hangs_fails_what_was_under_way_and_is_begun_anew() -> None:
    crunch = Worker([Counter], unresponsive=0.5)
    async with Node("n", reactors=[Second], processes={"crunch": crunch}) as node:
        assert await node.ask(SECOND, Look(str(COUNTER)), timeout=30) == ""
        for how, words in ((9, "SIGKILL"), (-3, "exited with status 3"), (11, "SIGSEGV")):
            before = await node.ask(COUNTER, Pid(), timeout=30)
            await node.ask(COUNTER, Add(1), timeout=30)
            waits = asyncio.ensure_future(node.ask(COUNTER, Wait(30.0), timeout=60))
            with pytest.raises(PeerGone, match=words):
                await node.ask(COUNTER, Kill(how), timeout=60)
            began = time.monotonic()
            with pytest.raises(PeerGone, match=words):
                await waits
            # What is sent meanwhile waits for the next process, which has a state of its own.
            assert (await node.ask(SECOND, Relay(str(COUNTER)), timeout=30)).startswith("None ")
            assert await node.ask(COUNTER, Total(), timeout=30) == 0
            assert await node.ask(COUNTER, Pid(), timeout=30) not in (before, os.getpid())
            assert time.monotonic() - began < 20  # and not as long as the handler waits
        view = node.workers()[0]
        assert (view.state, view.begun, view.ended) == ("running", 4, "was ended by SIGSEGV")
        assert node.snapshot().ledger.local["counter"].failed == {"peer_gone": 6}
        # One that holds its loop for less than it may goes on; one that does so for longer has failed.
        before = await node.ask(COUNTER, Hold(0.2), timeout=30)
        with pytest.raises(PeerGone, match=r"said nothing for 0\.5 s: a handler held its loop, or it was stopped"):
            await node.ask(COUNTER, Hold(60.0), timeout=60)
        assert await node.ask(COUNTER, Pid(), timeout=10) != before
        assert node.workers()[0].ended.startswith("was ended by its node, as it had said nothing for 0.5 s")
        # Its address has lived on, so nobody has heard of an end.
        assert await node.ask(SECOND, Look(""), timeout=30) == ""


async def test_a_budget_that_is_spent_ends_it_and_who_waits_for_one_that_backs_off_waits_for_its_own_time() -> None:
    once = Worker([Counter], supervision=Supervision(budget=0))
    slow = Worker([Third], supervision=Supervision(backoff=9.0))
    processes = {"once": once, "slow": slow}
    async with Node("n", reactors=[Second], processes=processes, shutdown_timeout=1.0) as node:
        assert await node.ask(SECOND, Look(str(COUNTER)), timeout=30) == ""
        for address in (COUNTER, THIRD):
            with pytest.raises(SendError):
                await node.ask(address, Kill(9), timeout=60)
        await until(lambda: [view.state for view in node.workers()] == ["ended", "waiting"])
        async with asyncio.timeout(10):
            while "counter" not in await node.ask(SECOND, Look(""), timeout=30):
                pass
        with pytest.raises(NoSuchReactor):
            await node.ask(COUNTER, Pid(), timeout=30)
        with pytest.raises(DeadlineExceeded):
            await node.ask(THIRD, Pid(), timeout=0.1)


@pytest.mark.parametrize("pooled", [False, True])
async def test_a_node_that_ends_while_a_process_is_begun_anew_begins_none(pooled: bool) -> None:
    reactors = [Pool(Counter, processes=1)] if pooled else []
    async with Node(
        "n", reactors=reactors, processes={"w": [Second if pooled else Counter]}, shutdown_timeout=60
    ) as node:
        pid = await node.ask(COUNTER, Pid(), timeout=30)
        os.kill(pid, signal.SIGKILL)
        # Its end is known here.
        await until(lambda: pid not in [view.pid for view in node.workers() if view.state == "running"])
        began = time.monotonic()
    assert time.monotonic() - began < 30, "and not for as long as it may take to end in order"
