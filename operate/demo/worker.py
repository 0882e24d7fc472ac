"""One process of the demonstration: a node that either serves a file or wants it, and reports to its parent.

Run as `python -m peerbus.operate.demo.worker`, with a `Job` as the first line of standard input. The end of that input,
which is also the end of the parent, ends it.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from functools import partial
from pathlib import Path

from ...actors.base import PeerbusError
from ...actors.messages import LOCAL
from ...discovery.facts import Require
from ...node import logs
from ...node.blocksync import Blocks, GetServed, Progress, Served, Sync
from ...node.node import Node
from ...node.run import run_loop
from ...transports.streams import Identity
from ..admin import Admin
from .messages import Job, NodeFailed, Report, Started, decode_job, encode
from .spot_checks import SpotChecks

__all__ = ["main"]

#: Seconds between two reports: a process that is killed has said what it did until shortly before.
REPORT_INTERVAL = 0.02
#: The only network that the demonstration uses.
LOOPBACK = "127.0.0.1"
#: Seconds that a node which wants the file waits for archives, and later for a right block.
PATIENCE = 20.0


def main() -> int:
    """Be one node until standard input ends; return the exit status."""
    line = sys.stdin.buffer.readline()
    if not line:
        return 0
    parent = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever prints goes to the log: the pipe is for messages
    logs.configure("info", "console")
    try:
        run_loop(_run(decode_job(line), parent))
    except BrokenPipeError:
        return 0  # the parent is gone
    except (PeerbusError, OSError) as error:
        os.write(parent, encode(NodeFailed(str(error))))
        return 1
    return 0


async def _run(job: Job, parent: int) -> None:
    identity = Identity.generate()
    identity.save(Path(job.identity))
    node = Node(
        job.name,
        network=job.network,
        identity=identity,
        listen=[job.listen],
        mdns=[LOOPBACK] if job.mdns else False,
        offers=job.roles,
        reactors=[] if job.wants else [partial(Blocks, job.file)],
        requires=[Require(role="archive", at_least=job.archives)] if job.wants and job.admin else [],
        extensions=[] if job.admin is None else [Admin(job.admin)],
        shutdown_timeout=1.0,
    )
    async with node:
        os.write(parent, encode(Started(node.node_id)))
        with node.subscribe(Progress) as news:
            if job.wants:
                node.spawn(Sync, job.file, sources=job.archives, patience=PATIENCE)
            told = asyncio.create_task(_told_to_end(), name="demo: waits for the parent to close the pipe")
            progress, ended_at = Progress(), None
            while not told.done():
                waits = asyncio.create_task(news.get(), name="demo: waits for progress")
                await asyncio.wait([told, waits], timeout=REPORT_INTERVAL, return_when=asyncio.FIRST_COMPLETED)
                if waits.done():
                    progress = waits.result()
                    if ended_at is None and progress.state in ("done", "failed"):
                        ended_at = time.monotonic()
                        if job.admin is not None and progress.state == "done":
                            node.spawn(SpotChecks, job.file)
                waits.cancel()
                served = Served(0, 0) if job.wants else await node.ask(LOCAL / Blocks, GetServed(), reply=Served)
                report = Report(
                    at=time.monotonic(), ended_at=ended_at, peers=len(node.peers), served=served, progress=progress
                )
                os.write(parent, encode(report))


async def _told_to_end() -> None:
    """Wait for the end of standard input."""
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    try:
        await reader.read()
    finally:
        transport.close()


if __name__ == "__main__":
    sys.exit(main())
