"""`peerbus bans`: whom the node has nothing to do with, why, and until when."""

from __future__ import annotations

import argparse

from ..client import AdminClient
from .node_command import NodeCommand
from .shown import ShownBan, ShownNode
from .terminal import Terminal
from .text_table import Cell, TextColumn, table_lines
from .units import span

__all__ = ["BANS"]

_COLUMNS = (TextColumn("TARGET", gives=1), TextColumn("FOR", right=True), TextColumn("REASON", gives=2))


async def bans(node: AdminClient, options: argparse.Namespace, terminal: Terminal) -> int:
    """See the module."""
    if options.json:
        terminal.say_json(await node.get("/v1/bans", object))
        return 0
    found = await node.get("/v1/bans", tuple[ShownBan, ...])
    now = (await node.get("/v1/node", ShownNode)).clock
    rows: list[list[Cell]] = [
        [ban.target, "ever" if ban.until is None else span(max(0.0, ban.until - now)), ban.reason] for ban in found
    ]
    terminal.say(*(table_lines(terminal, _COLUMNS, rows) if rows else ["nobody is banned"]))
    return 0


BANS = NodeCommand(bans, lambda parser: None, "peerbus bans", "FOR is how long each is banned from now on.")
