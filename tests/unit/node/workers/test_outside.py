from __future__ import annotations

import asyncio
from functools import partial

import pytest
from crunching import Add, Counter, Pid, Second, Wait
from inside_pairs import inside_scene

from peerbus.actors import LOCAL, Capability, DeadlineExceeded, NoRoute, Role, WouldDeadlock
from peerbus.node.workers.gate import Gate
from peerbus.node.workers.outside import Outside
from peerbus.node.workers.talk import GATE
from peerbus.transports.wire import Codecs


def _nothing(_said: object) -> None:
    """Nobody hears it."""


async def test_who_gives_up_ends_the_work_and_a_deadline_is_that_of_the_send() -> None:
    async with inside_scene([Second]) as scene:
        node = scene.node
        node.declare(GATE)
        await node.started(node.spawn(partial(Gate, scene.node_codecs, _nothing, lambda *_: None)))
        node.offer([Capability.parse("count")])
        worker = await scene.add(Counter)
        worker.outward = Outside("w0", worker, Codecs(worker.channels), scene.their_ends[0].way)
        to = Role("count") / Second
        with pytest.raises(DeadlineExceeded):
            await worker.ask(to, Wait(30.0), timeout=0.05)
        waits = worker.ask(to, Wait(30.0), timeout=60)
        with pytest.raises(WouldDeadlock):
            waits.get(timeout=1)
        task = asyncio.ensure_future(waits)
        await worker.ask(to, Pid(), timeout=5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        cell = node.cell("second")
        assert cell is not None
        async with asyncio.timeout(10):
            while cell.at_work():
                await worker.ask(to, Pid(), timeout=5)
        assert await worker.ask(LOCAL / Counter, Add(1), timeout=5) == 1
        # Sends to nobody that nobody awaits are no less failed.
        with pytest.raises(NoRoute):
            await worker.ask(Role("other") / Second, Pid(), timeout=5)
