"""A replicated cache: what two of three replicas have is kept, whichever one is killed.

python -m cache demo                          all of it at once: a replica is killed, back, and repaired
python -m cache replica ada --file ada.db     a replica; start three of them
python -m cache client                        then type: put colour blue, get colour, delete colour
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path

from peerbus.actors import LOCAL, PeerbusError, RemoteError
from peerbus.node import Node

from .client import Cache, Get, Put
from .demo import demo
from .messages import Entry
from .nodes import client_node, replica_node


async def replicate(name: str, path: Path | None, network: str, *, here: bool) -> None:
    async with replica_node(name, path, network, here=here) as node:
        print(f"{name} keeps {'nothing on disk' if path is None else path}; Ctrl-C ends it", flush=True)
        with node.subscribe(Entry) as written:
            async for entry in written:
                print(f"{entry.key} is {entry.value!r} now, version {entry.version.number}", flush=True)


def client(replicas: int, network: str, *, here: bool) -> None:
    """In plain code: the node has an event loop on a thread of its own, and this one may block."""
    with client_node(replicas, network, here=here) as node:
        print("put KEY VALUE, get KEY, delete KEY; Ctrl-D ends it", flush=True)
        for line in sys.stdin:
            try:
                if (answer := do(node, line.split(maxsplit=2))) is not None:
                    print(answer, flush=True)
            except (RemoteError, ValueError) as error:
                print(error, flush=True)


def do(node: Node, words: list[str]) -> str | None:
    match words:
        case []:
            return None
        case ["get", key]:
            value = node.ask(LOCAL / Cache, Get(key)).get()
            return "there is none" if value is None else value
        case ["put", key, value]:
            return f"version {node.ask(LOCAL / Cache, Put(key, value.rstrip())).get().number}"
        case ["delete", key]:
            return f"version {node.ask(LOCAL / Cache, Put(key, None)).get().number}"
        case _:
            return "put KEY VALUE, get KEY or delete KEY"


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m cache", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="demo | replica | client")
    there = argparse.ArgumentParser(add_help=False)
    there.add_argument("--network", default="cache", help="nodes of other networks do not meet (default: cache)")
    there.add_argument("--here", action="store_true", help="on this machine only")
    commands.add_parser("demo", help="all of it at once")
    replica = commands.add_parser("replica", parents=[there], help="run a replica")
    replica.add_argument("name")
    replica.add_argument("--file", type=Path, help="where it remembers (default: in memory, and forgets)")
    asks = commands.add_parser("client", parents=[there], help="put and get")
    asks.add_argument("--replicas", type=int, default=3, help="how many there are in all (default: 3)")
    options = parser.parse_args()
    for other in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(other, interrupt)
    logging.getLogger("peerbus").setLevel(logging.ERROR)
    try:
        match options.command:
            case "demo":
                asyncio.run(demo())
            case "replica":
                asyncio.run(replicate(options.name, options.file, options.network, here=options.here))
            case _:
                client(options.replicas, options.network, here=options.here)
    except (PeerbusError, ValueError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:  # the node has been stopped in order
        sys.exit(130)


def interrupt(_number: int, _frame: object) -> None:
    """Ended by a service manager, or a terminal that is gone: as by Ctrl-C."""
    signal.raise_signal(signal.SIGINT)


if __name__ == "__main__":
    main()
