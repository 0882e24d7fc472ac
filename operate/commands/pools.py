"""`peerbus pools`: pools, how busy their members are, and how long messages wait for them; with a name, its members."""

from __future__ import annotations

import argparse

from ...actors.base import printable
from ..client import AdminClient, api_path
from .node_command import NodeCommand
from .shown_work import ShownMember, ShownPool
from .terminal import Colour, Terminal
from .text_table import Cell, TextColumn, table_lines
from .units import many, span

__all__ = ["POOLS", "pool_line"]

_COLUMNS = (
    TextColumn("POOL", gives=1),
    TextColumn("MEMBERS", right=True),
    TextColumn("BOUNDS", right=True),
    TextColumn("PICK", gives=2),
    TextColumn("AT WORK", right=True),
    TextColumn("QUEUED", right=True),
    TextColumn("OLDEST", right=True),
    TextColumn("STREAMS", right=True),
    TextColumn("RESTARTS", right=True),
    TextColumn("LOST", right=True),
    TextColumn("STATE"),
)
_MEMBERS = (
    TextColumn("MEMBER", gives=1),
    TextColumn("STATE"),
    TextColumn("RUNS"),
    TextColumn("PID", right=True),
    TextColumn("AT WORK", right=True),
    TextColumn("QUEUED", right=True),
    TextColumn("STREAMS", right=True),
    TextColumn("DELIVERED", right=True),
    TextColumn("RESTARTS", right=True),
)


async def pools(node: AdminClient, options: argparse.Namespace, terminal: Terminal) -> int:
    """See the module."""
    if options.name is not None:
        path = api_path("pools", options.name)
        if options.json:
            terminal.say_json(await node.get(path, object))
            return 0
        pool = await node.get(path, ShownPool)
        terminal.say(f"pool {terminal.paint(printable(pool.name), Colour.HEAD)}: {printable(pool_line(pool))}")
        terminal.say(*table_lines(terminal, _MEMBERS, [_member(each) for each in pool.members]))
        return 0
    if options.json:
        terminal.say_json(await node.get("/v1/pools", object))
        return 0
    rows = [_row(each) for each in await node.get("/v1/pools", tuple[ShownPool, ...])]
    terminal.say(*(table_lines(terminal, _COLUMNS, rows) if rows else ["no pools"]))
    return 0


def pool_line(pool: ShownPool) -> str:
    """A pool in one line: its size, what it has to do, and since when."""
    work = sum(each.at_work for each in pool.members)
    queued = _queued(pool)
    oldest = "" if pool.oldest is None else f", the oldest for {span(pool.oldest)}"
    open_ = sum(each.streams for each in pool.members)
    waiting = f", {pool.streams_waiting} wait for a place" if pool.streams_waiting else ""
    streams = f"; {open_} streams, at most {pool.streams_each} at each{waiting}" if open_ or waiting else ""
    size = f"{len(pool.members)} members" if len(pool.members) == pool.size else f"{len(pool.members)} of {pool.size}"
    return f"{size}, {work} at work, {queued} queued{oldest}{streams}"


def _queued(pool: ShownPool) -> int:
    return pool.held + sum(each.queued for each in pool.members)


def _row(pool: ShownPool) -> list[Cell]:
    count = len(pool.members)
    restarts = sum(each.restarts for each in pool.members)
    return [
        pool.name,
        str(count) if count == pool.size else (f"{count} of {pool.size}", Colour.NOTABLE),
        f"{pool.lower}-{pool.upper}{' auto' if pool.automatic else ''}",
        pool.pick,
        many(sum(each.at_work for each in pool.members)),
        many(_queued(pool)),
        span(pool.oldest, short=True),
        _streams(pool),
        (many(restarts), Colour.NOTABLE if restarts else None),
        (many(pool.lost), Colour.BAD if pool.lost else None),
        "moves keys" if pool.moving else (pool.state, None if pool.state == "running" else Colour.NOTABLE),
    ]


def _streams(pool: ShownPool) -> Cell:
    open_ = many(sum(each.streams for each in pool.members))
    return (f"{open_} ({many(pool.streams_waiting)} wait)", Colour.NOTABLE) if pool.streams_waiting else open_


def _member(member: ShownMember) -> list[Cell]:
    return [
        member.name,
        (member.state, None if member.state == "running" else Colour.NOTABLE),
        member.runs,
        str(member.pid) if member.pid else "",
        many(member.at_work),
        many(member.queued),
        many(member.streams),
        many(member.delivered),
        (many(member.restarts), Colour.NOTABLE if member.restarts else None),
    ]


POOLS = NodeCommand(
    pools,
    lambda parser: parser.add_argument("name", metavar="POOL", nargs="?", help="the members of this pool"),
    "peerbus pools\npeerbus pools hash\npeerbus pools --json",
    "LOST are members that have ended for good, their restart budget spent. STREAMS are open at members;\n"
    "those that wait do so for a place at one. peerbus resize changes how many members there are.",
)
