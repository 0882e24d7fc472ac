"""`peerbus top`: a running node on the terminal, peers, channels and actors with their rates, as they change."""

from __future__ import annotations

import argparse

from ...actors.base import ConfigError
from ..client import AdminClient
from ..top import Shown, TopChoice, Watching, show, sorted_by
from .node_command import NodeCommand
from .terminal import Terminal
from .units import seconds_in, whole

__all__ = ["TOP"]

#: Seconds between two looks, at least: each costs the node a few milliseconds.
LEAST = 0.2
_TEXT = """\
On a terminal it takes the whole screen: p, c and a show peers, channels and actors, o, w, t and n pools, workers,
streams and patterns (gossips and singletons); s sorts by the next column, r turns the order round, / filters, space
holds the picture, ? tells all keys, q ends. Where the output is no terminal, pictures come as lines, one after the
other. Rates are those between two looks; a line of blocks is the last of them, the newest at the right. When the node
goes it says so, and waits for it.

Needs the extra `top`: pip install "peerbus[top]"."""
_EXAMPLES = """\
peerbus top
peerbus top --node alice --show actors --sort queue
peerbus top --show channels --count 1 | head
ssh -t host peerbus top"""


def _arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    tables = [each.value for each in Shown]
    add("--show", metavar="TABLE", choices=tables, default=tables[0], help=f"{', '.join(tables)} (default: peers)")
    add("--sort", metavar="COLUMN", help="the title of a column, as RTT")
    add("--filter", metavar="TEXT", default="", help="only rows in which that stands")
    add("--interval", metavar="TIME", default="1", help="between two looks: 1, 500ms (default: 1 second)")
    add("--count", metavar="N", type=whole, help="end after N pictures, which come as lines")


async def _ask(client: AdminClient, options: argparse.Namespace, terminal: Terminal) -> int:
    if options.count is not None and options.count < 1:
        raise ConfigError(f"--count {options.count}: write 1 or more")
    interval = max(LEAST, seconds_in("--interval", options.interval))
    choice = TopChoice(shown=Shown(options.show), match=options.filter)
    if options.sort is not None:
        choice = sorted_by(choice, options.sort)
    watching = Watching(client, choice, interval=interval)
    return await show(watching, terminal.say, json=options.json, count=options.count)


TOP = NodeCommand(
    _ask,
    _arguments,
    _EXAMPLES,
    text=_TEXT,
    json="a line of JSON for each picture, in place of it",
)
