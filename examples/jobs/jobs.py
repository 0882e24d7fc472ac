"""A job queue: workers are processes with a pool each, jobs tell how far they are, one is cancelled, a worker killed.

    python jobs.py [--frames 24] [--workers 3] [--pool 2] [--no-kill]

The README beside this file says what is promised, and shows what it prints.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from asyncio.subprocess import Process, create_subprocess_exec
from collections import Counter
from functools import partial

from peerbus.actors import LOCAL, Address, Channel, Message, Outcome, Pool, Reactor, Request, Role, SendError, handles
from peerbus.discovery.facts import PeerDown, PeerUp
from peerbus.node import Node


class Progress(Message):
    frame: int
    percent: int
    worker: str


class Render(Message, Request[str]):
    """Answered with who did it."""

    frame: int


class Film(Message, Request[list[str]]):
    """Answered with who did each frame, "cancelled" where nobody did."""

    frames: int


class Cancel(Message, Request[bool]):
    """Answered with whether there was something to cancel."""

    frame: int


class Worker(Reactor):
    """Renders one frame at a time. Each process has a pool of these: see `work`."""

    channel = Channel("worker", messages=(Render,), idempotent=(Render,), timeout=60)

    @handles(Render)
    async def render(self, job: Render, sender: Address[Progress] | None) -> str:
        name = f"{self.bus.name}, {self}"
        percent = 0
        try:
            for percent in (0, 50, 100):
                if sender is not None:
                    await self.tell(sender, Progress(job.frame, percent, name))
                await asyncio.sleep(0.02)  # stands for work; what computes is a pool of threads
        except asyncio.CancelledError:
            print(f"  {name} gives up frame {job.frame} at {percent} %", flush=True)  # and could clean up here
            raise
        return name


class Office(Reactor):
    """Has the frames rendered, all at once, and hears how far each is. Kills `victim` in its second frame."""

    channel = Channel("office", messages=(Film, Cancel, Progress), timeout=120)

    def __init__(self, victim: Process | None, cancels: int | None) -> None:
        super().__init__()
        self.victim = victim
        self.cancels = cancels  # the frame that nobody wants any more when it is half done
        self.jobs: dict[int, asyncio.Future[str]] = {}
        self.begun: Counter[int] = Counter()  # by frame
        self.halves: Counter[str] = Counter()  # by process

    @handles(Film, reentrant=True)  # progress and cancellations are taken in meanwhile
    async def render(self, film: Film) -> list[str]:
        to = Role("worker", "least") / Worker
        asked: list[Outcome[str]] = [self.ask(to, Render(frame)) for frame in range(film.frames)]
        self.jobs = {frame: asyncio.ensure_future(each) for frame, each in enumerate(asked)}
        ends = await asyncio.gather(*self.jobs.values(), return_exceptions=True)
        twice = sorted(frame for frame, times in self.begun.items() if times > 1)
        print(f"{len(ends)} frames, an end for each; begun more than once: {twice}")
        return [end if isinstance(end, str) else _why(end) for end in ends]

    @handles(Cancel)
    def cancel(self, job: Cancel) -> bool:
        return job.frame in self.jobs and self.jobs[job.frame].cancel()  # that ends the handler, wherever it runs

    @handles(Progress)
    async def progress(self, progress: Progress) -> None:
        process = progress.worker.partition(",")[0]
        print(f"frame {progress.frame}: {progress.percent} % by {progress.worker}")
        self.begun[progress.frame] += progress.percent == 0
        self.halves[process] += progress.percent == 50
        if progress.frame == self.cancels and progress.percent == 50:
            self.cancels = None
            print(f"frame {progress.frame} is cancelled: {self.cancel(Cancel(progress.frame))}")
        if self.victim is not None and process == "worker-1" and self.halves[process] == 2:
            self.victim.kill()
            self.victim = None
            print(f"worker-1 is killed in the midst of frame {progress.frame}")


def _why(end: BaseException) -> str:
    if isinstance(end, asyncio.CancelledError):
        return "cancelled"
    return f"failed: {end.reason}" if isinstance(end, SendError) else f"failed: {end}"


async def work(office: str, name: str, members: int) -> None:
    told = [Office.channel]  # whom it only talks to
    pool = Pool(Worker, members=members, prefetch=0)  # whoever is free takes the next frame, and none before
    async with Node(name, network="film", peers=[office], offers={"worker"}, reactors=[pool], channels=told) as node:
        with node.subscribe(PeerDown) as downs:
            await downs.get()  # the office has closed


async def lead(frames: int, workers: int, members: int, *, kill: bool) -> None:
    async with Node("office", network="film", listen=["tcp://127.0.0.1:0"], channels=[Worker.channel]) as node:
        with node.subscribe(PeerUp) as ups:
            command = [sys.executable, __file__, "--pool", str(members), "--work-for", node.endpoints[0]]
            processes = [await create_subprocess_exec(*command, f"worker-{n + 1}") for n in range(workers)]
            for _ in processes:
                await ups.get()
        node.spawn(partial(Office, processes[0] if kill else None, frames - 1 if frames > 1 else None))
        by = await node.ask(LOCAL / Office, Film(frames))
    for process in processes:
        await process.wait()
    print("frames by worker:", dict(sorted(Counter(end.partition(",")[0] for end in by).items())))


def main() -> None:
    parser = argparse.ArgumentParser(description="A job queue with progress; a job is cancelled, and a worker killed.")
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--workers", type=int, default=3, help="processes (default: 3)")
    parser.add_argument("--pool", type=int, default=2, help="frames that each renders at a time (default: 2)")
    parser.add_argument("--no-kill", action="store_true", help="kill no worker")
    parser.add_argument("--work-for", nargs=2, help=argparse.SUPPRESS)  # starts a worker: the office, its name
    options = parser.parse_args()
    if options.work_for:
        office, name = options.work_for
        asyncio.run(work(office, name, options.pool))
    elif options.frames < 1 or options.pool < 1 or options.workers < (1 if options.no_kill else 2):
        parser.error("there must be a frame, and a worker that is not killed")
    else:
        asyncio.run(lead(options.frames, options.workers, options.pool, kill=not options.no_kill))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
