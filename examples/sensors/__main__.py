"""A sensor network: sensors by the dozen, an aggregator for each region, and a desk that asks.

python -m sensors demo                    all of it at once, each in a process of its own; one sensor falls silent
python -m sensors field north             six sensors of the region north, in one process
python -m sensors aggregator north        asks sensors of the region north
python -m sensors ask                     asks every aggregator there is
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from contextlib import AsyncExitStack

from peerbus.actors import DeadlineExceeded, PeerbusError
from peerbus.discovery import PeerDown, PeerUp

from .aggregator import AGGREGATOR
from .demo import demo
from .desk import summaries, told
from .nodes import LEVELS, aggregator_node, desk_node, sensor_node

#: Seconds that a desk waits for the first aggregator, and for others that may be there.
LOOKING, SETTLED = 10.0, 0.5


async def field(region: str, kind: str, count: int, silent: int, network: str, *, here: bool) -> None:
    """Sensors, each a node with a key of its own, in this process; the first `silent` of them do not answer."""
    async with AsyncExitStack() as running:
        for number in range(1, count + 1):
            node = sensor_node(f"{region}-{number}", region, kind, network, here=here, silent=number <= silent)
            await running.enter_async_context(node)
        print(f"{count} sensors of {kind} in the {region}, {silent} of them silent", flush=True)
        await asyncio.Event().wait()


async def aggregate(region: str, network: str, *, here: bool) -> None:
    async with aggregator_node(region, network, here=here) as node:
        print(f"the aggregator of the {region} looks for sensors", flush=True)
        with node.subscribe(PeerUp, PeerDown) as news:
            async for event in news:
                match event:
                    case PeerUp(node_id=peer):
                        print(f"{peer[:8]} is there; {len(node.peers)} peers", flush=True)
                    case PeerDown(node_id=peer, reason=reason):
                        print(f"{peer[:8]} is gone ({reason}); {len(node.peers)} peers", flush=True)


async def ask(kind: str, share: float, region: str, network: str, *, here: bool) -> None:
    async with desk_node(network, here=here) as node:
        try:
            await node.wait_for_peers(1, role=AGGREGATOR, timeout=LOOKING)
        except DeadlineExceeded:
            sys.exit("no aggregator is there: python -m sensors aggregator north")
        await asyncio.sleep(SETTLED)
        found = await summaries(node, kind, share, region=region)
    print("\n".join(map(told, found)) or f"no aggregator of the {region} is there")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m sensors", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="demo | field | aggregator | ask")
    there = argparse.ArgumentParser(add_help=False)
    there.add_argument("--network", default="sensors", help="nodes of other networks do not meet (default: sensors)")
    there.add_argument("--here", action="store_true", help="on this machine only")
    kind = argparse.ArgumentParser(add_help=False)
    kind.add_argument("--kind", default="temperature", choices=sorted(LEVELS), help="(default: temperature)")
    share = argparse.ArgumentParser(add_help=False)
    share.add_argument("--share", type=part, default=0.5, help="part of the sensors that is asked (default: 0.5)")
    fields = commands.add_parser("field", parents=[kind, there], help="sensors of a region")
    fields.add_argument("region")
    fields.add_argument("--count", type=int, default=6, help="sensors (default: 6)")
    fields.add_argument("--silent", type=int, default=0, help="how many of them do not answer (default: 0)")
    commands.add_parser("aggregator", parents=[there], help="the aggregator of a region").add_argument("region")
    asking = commands.add_parser("ask", parents=[kind, share, there], help="ask the aggregators")
    asking.add_argument("--region", default="", help="of this region alone (default: all)")
    commands.add_parser("demo", parents=[share], help="all of it at once")
    options = parser.parse_args()
    for other in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(other, interrupt)
    logging.getLogger("peerbus").setLevel(logging.ERROR)
    match options.command:
        case "demo":
            running = demo(options.share)
        case "field":
            running = field(
                options.region, options.kind, options.count, options.silent, options.network, here=options.here
            )
        case "aggregator":
            running = aggregate(options.region, options.network, here=options.here)
        case _:
            running = ask(options.kind, options.share, options.region, options.network, here=options.here)
    try:
        asyncio.run(running)
    except (PeerbusError, ValueError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:  # `async with` has ended the nodes in order
        sys.exit(130)


def part(text: str) -> float:
    if not 0 < (found := float(text)) <= 1:
        raise argparse.ArgumentTypeError("a share is above 0, and 1 at most")
    return found


def interrupt(_number: int, _frame: object) -> None:
    """Ended by a service manager, or a terminal that is gone: as by Ctrl-C."""
    signal.raise_signal(signal.SIGINT)


if __name__ == "__main__":
    main()
