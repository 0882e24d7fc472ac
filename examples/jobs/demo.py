"""All of it by itself: an office, worker processes; the last frame is cancelled midway, and a worker is killed."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import Process, create_subprocess_exec
from collections import Counter
from contextlib import AsyncExitStack

from peerbus.actors import LOCAL, Subscription
from peerbus.node import Node

from .messages import Cancel, Film, Progress
from .nodes import office_node
from .office import Office
from .worker import ROLE

#: Seconds for the workers to be found.
PATIENCE = 120.0


async def demo(frames: int, workers: int, pool: int, seconds: float, *, kill: bool) -> None:
    network = f"jobs-{os.getpid()}"  # of its own: two runs at once do not meet
    async with AsyncExitStack() as running:
        office = await running.enter_async_context(office_node(network, here=True))
        processes: list[Process] = []
        for number in range(1, workers + 1):
            words = ("worker", f"worker-{number}", "--pool", str(pool), "--seconds", str(seconds), "--here")
            command = (sys.executable, "-m", __package__ or "jobs", *words, "--network", network)
            # In a session of its own: Ctrl-C is for the demo, which ends what it has started.
            processes.append(await create_subprocess_exec(*command, start_new_session=True))
            running.push_async_callback(end, processes[-1])
        await office.wait_for_peers(workers, role=ROLE, timeout=PATIENCE)
        with office.subscribe(Progress) as progress:
            events = asyncio.create_task(happen(office, progress, frames - 1, processes[0] if kill else None))
            ends = await office.ask(LOCAL / Office, Film(frames))
            events.cancel()
    print("frames by worker:", ", ".join(f"{name} {count}" for name, count in sorted(Counter(ends).items())))


async def happen(office: Node, news: Subscription[Progress], unwanted: int, victim: Process | None) -> None:
    """Show how far each frame is. Cancel the unwanted one when it is half done, kill worker-1 in its second frame."""
    begun: Counter[str] = Counter()
    async for progress in news:
        print(f"frame {progress.frame:>2}  {bar(progress.percent)}  {progress.worker}", flush=True)
        begun[progress.worker] += progress.percent == 0
        if (progress.frame, progress.percent) == (unwanted, 50):
            cancelled = await office.ask(LOCAL / Office, Cancel(unwanted))
            print(
                f"frame {unwanted:>2}  is not wanted any more: {'cancelled' if cancelled else 'too late'}", flush=True
            )
        if victim is not None and progress.worker == "worker-1" and begun["worker-1"] >= 2 and progress.percent == 50:
            victim.kill()
            victim = None
            print(f"worker-1 is killed, in the midst of frame {progress.frame}", flush=True)


def bar(percent: int) -> str:
    return f"{'█' * (percent // 10):░<10} {percent:>3} %"


async def end(process: Process) -> None:
    if process.returncode is None:
        process.terminate()
    await process.wait()
