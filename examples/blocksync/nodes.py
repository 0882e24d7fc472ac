"""The nodes: archives that have a file, one that wants it, and all of them in one process."""

from __future__ import annotations

import os
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from peerbus.node import Node
from peerbus.node.blocksync import Blocks, Progress, Sync

#: Where nodes look for each other. On a LAN: listen on tcp://0.0.0.0:0, and mdns=True for every interface.
LISTEN, MDNS = ["tcp://127.0.0.1:0"], ["127.0.0.1"]


def archive(name: str, file: str, network: str) -> Node:
    """A node that has the file. Without an address of anybody: mDNS tells who is there, and what for."""
    reactors = [partial(Blocks, file)]
    return Node(name, network=network, listen=LISTEN, mdns=MDNS, offers={"archive"}, reactors=reactors)


async def want(file: str, network: str, sources: int = 1) -> Progress:
    """Fetch the file from every archive there is; return how it ended."""
    async with Node("want", network=network, listen=LISTEN, mdns=MDNS) as node:
        with node.subscribe(Progress) as news:
            node.spawn(Sync, file, sources=sources)
            while (progress := await news.get()).state not in ("done", "failed"):
                pass
            return progress


async def everything(original: Path, copy: Path) -> None:
    network = f"blocksync-{os.getpid()}"  # of its own: two runs at once do not meet
    async with AsyncExitStack() as running:
        for name in ("archive-1", "archive-2"):
            await running.enter_async_context(archive(name, str(original), network))
        progress = await want(str(copy), network, sources=2)
        print(f"{progress.state}: {progress.blocks} blocks, {progress.bytes} bytes, {progress.retries} retries")
