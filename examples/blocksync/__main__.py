"""A file, or the blocks of it that a node misses, from everybody who has it.

python -m blocksync demo              two archives and a node that wants the file, which is made up, in this process
python -m blocksync archive FILE      serves FILE, in as many terminals, and on as many machines of the LAN, as you like
python -m blocksync want FILE         finds the archives, and writes FILE
"""

from __future__ import annotations

import argparse
import asyncio
import filecmp
import os
import sys
import tempfile
from pathlib import Path

from peerbus.actors import PeerbusError

from .nodes import archive, everything, want


async def demo(size: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        original, copy = Path(folder, "original"), Path(folder, "copy")
        original.write_bytes(os.urandom(size))  # noqa: ASYNC240  # nobody waits yet
        await everything(original, copy)
        print("the copy is the original, byte for byte:", filecmp.cmp(original, copy, shallow=False))


async def serve(file: str) -> None:
    async with archive("archive", file, "blocksync") as node:
        print(f"serving {file} as {node.node_id[:8]} at {node.endpoints[0]}", flush=True)
        await node.wait_stopped()


async def fetch(file: str, sources: int) -> None:
    progress = await want(file, "blocksync", sources)
    if progress.state == "failed":
        sys.exit(f"{file} was not copied: {progress.text}")
    took = f"{progress.seconds:.2f} s, {progress.retries} retries"
    print(f"{file}: {progress.blocks} blocks, {progress.bytes} bytes, {took}")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m blocksync", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="demo | archive | want")
    show = commands.add_parser("demo", help="all of it in this process")
    show.add_argument("--size", type=int, default=10_000_000, help="bytes of the file (default: 10,000,000)")
    commands.add_parser("archive", help="serve a file").add_argument("file")
    wanting = commands.add_parser("want", help="copy a file")
    wanting.add_argument("file")
    wanting.add_argument("--sources", type=int, default=1, help="archives to wait for (default: 1)")
    options = parser.parse_args()
    try:
        match options.command:
            case "demo":
                asyncio.run(demo(options.size))
            case "archive":
                asyncio.run(serve(options.file))
            case _:
                asyncio.run(fetch(options.file, options.sources))
    except PeerbusError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:  # `async with` has ended the nodes in order
        sys.exit(130)


if __name__ == "__main__":
    main()
