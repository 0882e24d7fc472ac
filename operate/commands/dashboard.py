"""`peerbus dashboard`: a page in the browser, on which the running nodes are seen and steered."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from ...actors.base import ConfigError
from ...node.run import run_loop, serve
from ..client import AdminTarget, NodeNotFound, find_node, nodes_here
from ..dashboard import Dashboard, open_browser
from ..serving import SocketPlace
from .terminal import Terminal
from .units import whole

__all__ = ["DashboardRun", "add_arguments", "run"]

_EPILOG = """\
examples:
  peerbus dashboard                  all nodes of yours that run on this machine, also those that start later
  peerbus dashboard alice            one of them, by its name
  peerbus dashboard run/alice.sock   by the socket of its admin API, or by its configuration (alice.toml)
  peerbus dashboard https://10.0.0.2:7401 --token admin.token --authority admin.crt

It listens on 127.0.0.1 alone, and lets in one browser for each link that it prints; Enter prints another. The nodes are
talked to by their admin APIs, so none of them opens a port. From another machine: ssh -L 7402:127.0.0.1:7402 HOST.

exit status: 1 no node, 2 wrong flag, 130 Ctrl-C
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `peerbus dashboard`."""
    parser.epilog = _EPILOG
    add = parser.add_argument
    add("places", metavar="NODE", nargs="*", help="a name, socket, configuration or URL (default: all that run here)")
    add("--node", metavar="NODE", action="append", default=[], help="the same, as other commands have it")
    add("--port", metavar="N", type=whole, help="the port on 127.0.0.1 (default: 7402, or another where that is taken)")
    add("--no-browser", action="store_true", help="open no browser, print the link only")
    add("--look-only", action="store_true", help="pull no lever from the page")
    add("--token", metavar="FILE", type=Path, help="the file of the token, for a URL")
    add("--authority", metavar="FILE", type=Path, help="certificates that https is checked against, in PEM")


def run(options: argparse.Namespace) -> int:
    """Serve the page until Ctrl-C; return the exit status. Raises PeerbusError, and ConfigError for wrong flags."""
    if options.port is not None and not 0 <= options.port < 65536:
        raise ConfigError(f"--port {options.port}: write 0 to 65535")

    async def main() -> int:
        said = [*options.places, *options.node]
        nodes = await _nodes(said, options.token, options.authority) if said else await all_here()
        if not nodes:
            raise NodeNotFound("no node runs here: start one with peerbus run, or try peerbus demo --dashboard")
        look = None if said else all_here
        dashboard = Dashboard(nodes, look=look, port=options.port, write=not options.look_only)
        return await serve(DashboardRun(dashboard, browser=not options.no_browser), signals=options.signals)

    return run_loop(main())


async def _nodes(said: Sequence[str], token: Path | None, authority: Path | None) -> list[tuple[str, AdminTarget]]:
    return [(_name(each), await find_node(each, token=token, authority=authority)) for each in dict.fromkeys(said)]


async def all_here() -> list[tuple[str, AdminTarget]]:
    """All nodes of this user that run on this machine now."""
    return [(node.name, AdminTarget(SocketPlace(node.socket))) for node in await nodes_here()]


def _name(said: str) -> str:
    """What a node is called until it says so itself."""
    return said if "://" in said else Path(said).stem


class DashboardRun:
    """A dashboard as a program runs it: tells its link, opens a browser, and makes another link at each Enter."""

    name = "dashboard"

    def __init__(self, dashboard: Dashboard, *, browser: bool, say: Callable[[str], object] | None = None) -> None:
        self._say = Terminal().say if say is None else say
        self._dashboard = dashboard
        self._browser = browser
        self._file: Path | None = None
        self._keyboard: int | None = None
        #: How one gets to see it.
        self.where: str = ""

    async def __aenter__(self) -> Self:
        await self._dashboard.__aenter__()
        link = self._dashboard.link()
        self._file = open_browser(link) if self._browser else None
        if self._file is None:
            self.where = f"open once: {link}"
        else:
            self.where = f"the browser shows {self._dashboard.address}"
        self._say(self.where)
        self._listen()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._keyboard is not None:
            asyncio.get_running_loop().remove_reader(self._keyboard)
            self._keyboard = None
        if self._file is not None:
            self._file.unlink(missing_ok=True)
        await self._dashboard.aclose()

    async def wait_stopped(self) -> None:
        """Return never: it is told to stop."""
        await asyncio.Event().wait()

    def _listen(self) -> None:
        with contextlib.suppress(OSError, ValueError, AttributeError):
            if sys.stdin.isatty():
                keyboard = self._keyboard = sys.stdin.fileno()
                asyncio.get_running_loop().add_reader(keyboard, self._pressed)
                self._say("Enter: another link. Ctrl-C: end.")

    def _pressed(self) -> None:
        assert self._keyboard is not None
        try:
            if os.tcgetpgrp(self._keyboard) != os.getpgrp():
                return  # it runs in the background: what is typed is for somebody else
            typed = os.read(self._keyboard, 4096)
        except OSError:
            typed = b""
        if typed:
            self._say(f"open once: {self._dashboard.link()}")
        else:
            asyncio.get_running_loop().remove_reader(self._keyboard)
            self._keyboard = None
