"""`peerbus patterns`: what gossips hold, and which node runs what only one is to run."""

from __future__ import annotations

import argparse

from ..client import AdminClient
from .node_command import NodeCommand
from .shown_work import ShownGossip, ShownPatterns, ShownSingleton
from .terminal import Colour, Terminal
from .text_table import Cell, TextColumn, table_lines
from .units import many, size

__all__ = ["PATTERNS"]

_GOSSIPS = (
    TextColumn("GOSSIP", gives=1),
    TextColumn("ROLE", gives=2),
    TextColumn("HELD", right=True),
    TextColumn("BYTES", right=True),
    TextColumn("NEIGHBOURS", right=True),
    TextColumn("EAGER", right=True),
    TextColumn("DELIVERED", right=True),
    TextColumn("COPIES", right=True),
    TextColumn("REFUSED", right=True),
    TextColumn("EVICTED", right=True),
    TextColumn("DISTRUSTED", right=True),
)
_SINGLETONS = (
    TextColumn("SINGLETON", gives=1),
    TextColumn("ROLE", gives=2),
    TextColumn("RUNS"),
    TextColumn("AT"),
    TextColumn("MEMBERS", right=True),
    TextColumn("OFFERED"),
)


async def patterns(node: AdminClient, options: argparse.Namespace, terminal: Terminal) -> int:
    """See the module."""
    if options.json:
        terminal.say_json(await node.get("/v1/patterns", object))
        return 0
    found = await node.get("/v1/patterns", ShownPatterns)
    if found.gossips:
        terminal.say(*table_lines(terminal, _GOSSIPS, [_gossip(each) for each in found.gossips]))
    if found.singletons:
        terminal.say(*table_lines(terminal, _SINGLETONS, [_singleton(each) for each in found.singletons]))
    if not (found.gossips or found.singletons):
        terminal.say("no gossips and no singletons")
    return 0


def _gossip(gossip: ShownGossip) -> list[Cell]:
    seen = gossip.figures
    return [
        gossip.name,
        gossip.role,
        many(seen.held),
        size(seen.held_bytes),
        many(seen.neighbours),
        many(seen.eager),
        many(seen.delivered),
        many(seen.copies),
        (many(seen.refused), Colour.NOTABLE if seen.refused else None),
        (many(seen.evicted), Colour.NOTABLE if seen.evicted else None),
        (many(seen.distrusted), Colour.BAD if seen.distrusted else None),
    ]


def _singleton(singleton: ShownSingleton) -> list[Cell]:
    holders = ", ".join(each[:8] for each in singleton.holders)
    return [
        singleton.reactor,
        singleton.role,
        (singleton.state, {"here": Colour.GOOD, "nowhere": Colour.BAD}.get(singleton.state)),
        (holders, Colour.BAD if len(singleton.holders) > 1 else None),
        many(singleton.members),
        "yes" if singleton.offered else "no",
    ]


PATTERNS = NodeCommand(
    patterns,
    lambda parser: None,
    "peerbus patterns\npeerbus patterns --json",
    "COPIES are items that came and were known already. A singleton runs at two nodes while a partition heals, and\n"
    "nowhere for some seconds while it moves.",
)
