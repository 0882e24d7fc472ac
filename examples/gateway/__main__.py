"""A gateway: a page in the browser, and workers behind it that it finds by itself.

    python -m gateway web                then open http://127.0.0.1:8000
    python -m gateway worker ada         a worker, in as many terminals, and on as many machines of the LAN, as you like

The web needs FastAPI and uvicorn: pip install fastapi uvicorn.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import socket
import sys
from types import FrameType

from peerbus.actors import PeerbusError
from peerbus.discovery import PeerDown, PeerUp

from .nodes import gateway_node, worker_node


def serve(port: int, network: str, *, here: bool) -> None:
    try:
        import uvicorn

        from .web import application
    except ModuleNotFoundError as missing:
        sys.exit(f"{missing.name} is missing: pip install fastapi uvicorn")
    app = application(gateway_node(network, here=here))

    class Server(uvicorn.Server):
        """Tells open streams of events when it is to end: it waits for them."""

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            if hasattr(app.state, "ending"):
                app.state.ending.set()
            super().handle_exit(sig, frame)

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            for server in self.servers:
                for socket_ in server.sockets:
                    print(f"open http://127.0.0.1:{socket_.getsockname()[1]}; Ctrl-C ends it", flush=True)

    Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning")).run()


async def work(name: str, jobs: int, network: str, *, here: bool) -> None:
    async with worker_node(name, jobs, network, here=here) as node:
        print(f"{name} does {jobs} jobs at a time; Ctrl-C ends it", flush=True)
        with node.subscribe(PeerUp, PeerDown) as news:
            async for event in news:
                match event:
                    case PeerUp(node_id=peer):
                        print(f"{peer[:8]} is there", flush=True)
                    case PeerDown(node_id=peer):
                        print(f"{peer[:8]} is gone", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m gateway", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="web | worker")
    there = argparse.ArgumentParser(add_help=False)
    there.add_argument("--network", default="gateway", help="nodes of other networks do not meet (default: gateway)")
    there.add_argument("--here", action="store_true", help="on this machine only")
    web = commands.add_parser("web", parents=[there], help="the page, and HTTP")
    web.add_argument("--port", type=int, default=8000, help="(default: 8000) 0: any that is free")
    worker = commands.add_parser("worker", parents=[there], help="run a worker")
    worker.add_argument("name")
    worker.add_argument("--jobs", type=int, default=2, help="jobs at a time (default: 2)")
    options = parser.parse_args()
    for other in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(other, interrupt)
    logging.getLogger("peerbus").setLevel(logging.ERROR)
    try:
        if options.command == "web":
            serve(options.port, options.network, here=options.here)
        else:
            asyncio.run(work(options.name, options.jobs, options.network, here=options.here))
    except (PeerbusError, ValueError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:  # the node has ended in order
        sys.exit(130)


def interrupt(_number: int, _frame: object) -> None:
    """Ended by a service manager, or a terminal that is gone: as by Ctrl-C."""
    signal.raise_signal(signal.SIGINT)


if __name__ == "__main__":
    main()
