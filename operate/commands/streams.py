"""`peerbus streams`: answers in items, and items that go with a message, by channel."""

from __future__ import annotations

import argparse

from ..client import AdminClient
from .node_command import NodeCommand
from .shown_work import ShownStreams
from .terminal import Colour, Terminal
from .text_table import Cell, TextColumn, table_lines
from .units import many

__all__ = ["STREAMS"]

_COLUMNS = (
    TextColumn("CHANNEL", gives=1),
    TextColumn("SENDING", right=True),
    TextColumn("WAITING", right=True),
    TextColumn("STANDING", right=True),
    TextColumn("READING", right=True),
    TextColumn("ITEMS", right=True),
    TextColumn("TAKEN", right=True),
    TextColumn("PENDING", right=True),
    TextColumn("FAILED", right=True),
)


async def streams(node: AdminClient, options: argparse.Namespace, terminal: Terminal) -> int:
    """See the module."""
    if options.json:
        terminal.say_json(await node.get("/v1/streams", object))
        return 0
    found = await node.get("/v1/streams", dict[str, ShownStreams])
    rows: list[list[Cell]] = []
    for channel, each in sorted(found.items()):
        rows.append(_row(channel, each))
        rows += [_of_member(name, count) for name, count in each.members.items()]
    terminal.say(*(table_lines(terminal, _COLUMNS, rows) if rows else ["no streams"]))
    return 0


def _row(channel: str, each: ShownStreams) -> list[Cell]:
    return [
        channel,
        many(each.sending),
        (many(each.waiting), Colour.NOTABLE if each.waiting else None),
        (many(each.standing), Colour.NOTABLE if each.standing else None),
        many(each.reading),
        many(each.sent),
        many(each.delivered),
        many(each.sent - each.delivered - each.failed),
        (many(each.failed), Colour.NOTABLE if each.failed else None),
    ]


def _of_member(name: str, count: int) -> list[Cell]:
    return [f"  {name}", many(count), *[""] * (len(_COLUMNS) - 2)]


STREAMS = NodeCommand(
    streams,
    lambda parser: None,
    "peerbus streams\npeerbus streams --json\nwatch peerbus streams",
    "SENDING are open streams whose items this node sends, those of a pool below it by member;\n"
    "WAITING those that wait for a place at one; STANDING those whose reader has no room now;\n"
    "READING those that it reads of peers. ITEMS are those that it has sent since the start, and what became of them.",
)
