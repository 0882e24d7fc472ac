"""Sync a file: two nodes have it, a third finds them by role and fetches blocks from both, many in flight.

    python examples/blocksync.py                    all three in this process, with a made-up file
    python examples/blocksync.py archive FILE       one node that serves FILE, until Ctrl-C
    python examples/blocksync.py want FILE          one node that finds archives and writes FILE

The reactors are `Blocks` of `node/blocks.py` and `Sync` of `node/blocksync.py`: made to be read, and copied.
"""

from __future__ import annotations

import asyncio
import filecmp
import os
import sys
import tempfile
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from peerbus.actors import ConfigError
from peerbus.node import Node
from peerbus.node.blocks import Blocks
from peerbus.node.blocksync import Progress, Sync

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


async def serve(file: str) -> None:
    async with archive("archive", file, "blocksync") as node:
        print(f"serving {file} as {node.node_id[:8]} at {node.endpoints[0]}", flush=True)
        await node.wait_stopped()


if __name__ == "__main__":
    try:
        match sys.argv[1:]:
            case []:
                with tempfile.TemporaryDirectory() as folder:
                    original, copy = Path(folder, "original"), Path(folder, "copy")
                    original.write_bytes(os.urandom(10_000_000))
                    asyncio.run(everything(original, copy))
                    print("the copy is the original, byte for byte:", filecmp.cmp(original, copy, shallow=False))
            case ["archive", file]:
                asyncio.run(serve(file))
            case ["want", file]:
                print(asyncio.run(want(file, "blocksync")))
            case _:
                sys.exit(__doc__)
    except ConfigError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:  # `async with` has shut the nodes down
        sys.exit(130)
