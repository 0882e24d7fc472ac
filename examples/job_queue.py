"""A job queue with progress: real processes work, one of them is killed, and every job is done all the same.

What is promised is *at least once*. A job is asked of whoever offers the role `worker` and has the least to do. When
that worker dies, its answer cannot come any more, and the job is asked of another one, three workers at most: `Render`
stands in `idempotent`, which says that it may be done twice. A frame that was finished, but whose answer died with its
worker, is done twice; its result still arrives once, as each ask has one answer. An office that dies forgets its jobs:
keep them in a database if they matter.

    python job_queue.py [--frames 24] [--workers 3] [--no-kill]
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from asyncio.subprocess import Process, create_subprocess_exec
from collections import Counter
from functools import partial

from peerbus.actors import LOCAL, Address, Channel, Message, Reactor, Request, Role, handles
from peerbus.discovery.facts import PeerDown, PeerUp
from peerbus.node import Node


class Progress(Message):
    frame: int
    percent: int
    worker: str


class Render(Message, Request[str]):
    """Answered with the name of the worker that did it."""

    frame: int


class Film(Message, Request[list[str]]):
    frames: int


class Worker(Reactor):
    """Renders one frame at a time, the others wait in its mailbox; tells whoever asked how far it is."""

    channel = Channel("worker", messages=(Render,), idempotent=(Render,), timeout=60)

    @handles(Render)
    async def render(self, job: Render, sender: Address[Progress] | None) -> str:
        for percent in (0, 50, 100):
            if sender is not None:
                await self.tell(sender, Progress(job.frame, percent, self.bus.name))
            await asyncio.sleep(0.02)  # stands for work; what computes has `dispatcher = "thread"`
        return self.bus.name


class Office(Reactor):
    """Has the frames rendered, all at once. In the middle of the second frame of `worker-1` it kills that: `victim`."""

    channel = Channel("office", messages=(Film, Progress), timeout=120)

    def __init__(self, victim: Process | None) -> None:
        super().__init__()
        self.victim = victim
        self.begun: Counter[int] = Counter()  # by frame
        self.halves: Counter[str] = Counter()  # by worker

    @handles(Film, reentrant=True)  # progress is taken in meanwhile
    async def render(self, film: Film) -> list[str]:
        to = Role("worker", "least") / Worker
        by = await asyncio.gather(*(self.ask(to, Render(frame)) for frame in range(film.frames)))
        twice = [frame for frame, times in self.begun.items() if times > 1]
        print(f"{len(by)} frames, a result for each; begun more than once: {twice}")
        return by

    @handles(Progress)
    def progress(self, progress: Progress) -> None:
        print(f"frame {progress.frame}: {progress.percent} % by {progress.worker}")
        self.begun[progress.frame] += progress.percent == 0
        self.halves[progress.worker] += progress.percent == 50
        if self.victim is not None and self.halves["worker-1"] == 2:
            self.victim.kill()
            self.victim = None
            print(f"worker-1 is killed in the middle of frame {progress.frame}")


async def work(office: str, name: str) -> None:
    told = [Office.channel]  # whom it only talks to
    async with Node(name, network="film", peers=[office], offers={"worker"}, reactors=[Worker], channels=told) as node:
        with node.subscribe(PeerDown) as downs:
            await downs.get()  # the office has closed


async def lead(frames: int, workers: int, *, kill: bool) -> None:
    async with Node("office", network="film", listen=["tcp://127.0.0.1:0"], channels=[Worker.channel]) as node:
        with node.subscribe(PeerUp) as ups:
            command = [sys.executable, __file__, "--work-for", node.endpoints[0]]
            processes = [await create_subprocess_exec(*command, f"worker-{n + 1}") for n in range(workers)]
            for _ in processes:
                await ups.get()
        node.spawn(partial(Office, processes[0] if kill else None))
        by = await node.ask(LOCAL / Office, Film(frames))
    for process in processes:
        await process.wait()
    print("frames by worker:", dict(sorted(Counter(by).items())))


def main() -> None:
    parser = argparse.ArgumentParser(description="A job queue with progress; a worker is killed.")
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--no-kill", action="store_true", help="kill no worker")
    parser.add_argument("--work-for", nargs=2, help=argparse.SUPPRESS)  # starts a worker: the office, its name
    options = parser.parse_args()
    if options.work_for:
        asyncio.run(work(*options.work_for))
    elif options.frames < 1 or options.workers < (1 if options.no_kill else 2):
        parser.error("there must be a frame, and a worker that is not killed")
    else:
        asyncio.run(lead(options.frames, options.workers, kill=not options.no_kill))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
