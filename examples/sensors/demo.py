"""All of it by itself: two regions of six sensors, an aggregator each, a desk; one sensor of the north is silent."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import Process, create_subprocess_exec
from collections.abc import Callable
from contextlib import AsyncExitStack
from time import perf_counter

from peerbus.actors import PeerbusError
from peerbus.node import Node

from .desk import summaries, told
from .messages import Summary
from .nodes import desk_node

#: Seconds for all to find each other.
PATIENCE = 120.0
COUNT = 6


async def demo(share: float) -> None:
    network = f"sensors-{os.getpid()}"  # of its own: two runs at once do not meet
    async with AsyncExitStack() as running:

        async def start(*words: str) -> Process:
            command = (sys.executable, "-m", __package__ or "sensors", *words, "--here", "--network", network)
            # In a session of its own: Ctrl-C is for the demo, which ends what it has started.
            process = await create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL, start_new_session=True)
            running.push_async_callback(end, process)
            return process

        await start("field", "north", "--count", str(COUNT), "--silent", "1")
        south = await start("field", "south", "--count", str(COUNT))
        for region in ("north", "south"):
            await start("aggregator", region)
        desk = await running.enter_async_context(desk_node(network, here=True))
        print("two regions of six sensors, an aggregator each; one sensor of the north does not answer", flush=True)
        await until(desk, 1.0, lambda found: [each.there for each in found] == [COUNT, COUNT])
        await report(desk, "everybody is asked", 1.0)
        for _ in range(3):
            await report(desk, f"a share of {share} is asked: whoever is quick, so the silent one less and less", share)
        south.kill()
        await until(desk, share, lambda found: [each.there for each in found] == [COUNT, 0])
        await report(desk, "the sensors of the south are killed, all at once", share)


async def report(desk: Node, what: str, share: float) -> None:
    began = perf_counter()
    found = await summaries(desk, "temperature", share)
    print(f"\n{what} ({perf_counter() - began:.2f} s)", flush=True)
    for each in found:
        print(f"  {told(each)}", flush=True)


async def until(desk: Node, share: float, fits: Callable[[list[Summary]], bool]) -> None:
    """Raises PeerbusError where that does not come."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not fits(await summaries(desk, "temperature", share)):  # noqa: ASYNC110  # each look is an ask
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise PeerbusError(
            f"in {PATIENCE:.0f} s not all sensors were found, or lost: does this machine do mDNS?"
        ) from None


async def end(process: Process) -> None:
    if process.returncode is None:
        process.terminate()
    await process.wait()
