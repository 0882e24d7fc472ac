"""A job queue: an office has frames rendered by worker processes that it finds by itself.

python -m jobs demo               all of it at once: one frame is cancelled, a worker killed, every frame has an end
python -m jobs worker ada         a worker, in as many terminals, and on as many machines of the LAN, as you like
python -m jobs office             has 12 frames rendered by the workers that are there, or come
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterable

from peerbus.actors import LOCAL, PeerbusError
from peerbus.discovery import PeerDown, PeerUp

from .demo import bar, demo
from .messages import Film, GivenUp, Progress
from .nodes import office_node, worker_node
from .office import Office


async def work(name: str, network: str, *, pool: int, seconds: float, here: bool) -> None:
    async with worker_node(name, network, pool=pool, seconds=seconds, here=here) as node:
        print(f"{name} is there, and renders {pool} frames at a time; Ctrl-C ends it", flush=True)
        with node.subscribe(GivenUp) as news:
            async for given_up in news:
                print(f"{name} gives up frame {given_up.frame} at {given_up.percent} %", flush=True)


async def lead(frames: int, network: str, *, here: bool) -> None:
    async with office_node(network, here=here) as office:
        print(f"{frames} frames; looking for workers", flush=True)
        with office.subscribe(Progress, PeerUp, PeerDown) as news:
            shown = asyncio.create_task(show(news))
            ends = await office.ask(LOCAL / Office, Film(frames))
            shown.cancel()
    print("frames by worker:", ", ".join(f"{name} {count}" for name, count in sorted(Counter(ends).items())))


async def show(news: AsyncIterable[object]) -> None:
    async for event in news:
        match event:
            case Progress(frame, percent, worker):
                print(f"frame {frame:>2}  {bar(percent)}  {worker}", flush=True)
            case PeerUp():
                print("a worker is there", flush=True)
            case PeerDown(reason=reason):
                print(f"a worker is gone: {reason}", flush=True)
            case _:
                pass


def number(text: str) -> int:
    if (found := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{found} is too few")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m jobs", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="demo | worker | office")
    there = argparse.ArgumentParser(add_help=False)
    there.add_argument(
        "--network", default="jobs", help="nodes of other networks do not see each other (default: jobs)"
    )
    there.add_argument("--here", action="store_true", help="on this machine only")
    film = argparse.ArgumentParser(add_help=False)
    film.add_argument("--frames", type=number, default=12, help="(default: 12)")
    pool = argparse.ArgumentParser(add_help=False)
    pool.add_argument("--pool", type=number, default=2, help="frames that a worker renders at a time (default: 2)")
    pool.add_argument("--seconds", type=float, default=2.0, help="what a frame takes (default: 2)")
    show_all = commands.add_parser("demo", parents=[film, pool], help="all of it at once")
    show_all.add_argument("--workers", type=number, default=3, help="processes (default: 3)")
    show_all.add_argument("--no-kill", action="store_true", help="kill no worker")
    commands.add_parser("office", parents=[film, there], help="have frames rendered")
    commands.add_parser("worker", parents=[pool, there], help="render frames").add_argument("name")
    options = parser.parse_args()
    for other in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(other, interrupt)
    logging.getLogger("peerbus").setLevel(logging.ERROR)
    if options.command == "demo" and options.workers < 2 and not options.no_kill:
        parser.error("there must be a worker that is not killed: --workers 2, or --no-kill")
    match options.command:
        case "demo":
            running = demo(options.frames, options.workers, options.pool, options.seconds, kill=not options.no_kill)
        case "office":
            running = lead(options.frames, options.network, here=options.here)
        case _:
            running = work(options.name, options.network, pool=options.pool, seconds=options.seconds, here=options.here)
    try:
        asyncio.run(running)
    except (PeerbusError, ValueError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:  # `async with` has ended the nodes in order
        sys.exit(130)


def interrupt(_number: int, _frame: object) -> None:
    """Ended by a service manager, or a terminal that is gone: as by Ctrl-C."""
    signal.raise_signal(signal.SIGINT)


if __name__ == "__main__":
    main()
