"""`peerbus bans`: whom the node has nothing to do with, why, and until when."""

from __future__ import annotations

import argparse

from ..client import AdminClient
from .node_command import NodeCommand
from .terminal import Terminal
from .text_table import Cell, TextColumn, table_lines
from .units import span

__all__ = ["BANS"]

_COLUMNS = (TextColumn("TARGET", gives=1), TextColumn("FOR", right=True), TextColumn("REASON", gives=2))


async def bans(node: AdminClient, options: argparse.Namespace, terminal: Terminal) -> int:
    """See the module."""
    found = await node.bans()
    if options.json:
        terminal.say_json(found)
        return 0
    now = (await node.node()).clock
    rows: list[list[Cell]] = [
        [ban.target, "ever" if ban.until is None else span(max(0.0, ban.until - now)), ban.reason] for ban in found
    ]
    terminal.say(*(table_lines(terminal, _COLUMNS, rows) if rows else ["nobody is banned"]))
    return 0


BANS = NodeCommand(bans, lambda parser: None, "peerbus bans", "FOR is how long each is banned from now on.")
