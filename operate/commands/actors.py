"""`peerbus actors`: what runs, what each handler is at, and how full the mailboxes are; with a name, all about one."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial

import msgspec

from ...actors.base import printable
from ..client import AdminClient, api_path
from .node_command import NodeCommand
from .shown import ShownActor
from .terminal import Colour, Terminal
from .text_table import Cell, TextColumn, table_lines
from .units import by_reason, many, size, whole

__all__ = ["ACTORS"]

_COLUMNS = (
    TextColumn("ACTOR", gives=1),
    TextColumn("CLASS", gives=3),
    TextColumn("CHANNEL", gives=2),
    TextColumn("STATE"),
    TextColumn("QUEUED", right=True),
    TextColumn("DELIVERED", right=True),
    TextColumn("RESTARTS", right=True),
    TextColumn("HANDLING", gives=4),
)
_SORTS: dict[str, Callable[[ShownActor], tuple[int, str]]] = {
    "name": lambda actor: (0, actor.name),
    "queued": lambda actor: (-actor.mailbox.queued - actor.mailbox.waiting, actor.name),
    "restarts": lambda actor: (-actor.restarts, actor.name),
    "delivered": lambda actor: (-actor.mailbox.delivered, actor.name),
}


async def actors(node: AdminClient, options: argparse.Namespace, terminal: Terminal) -> int:
    """See the module."""
    if options.name is not None:
        return await _one(node, options, terminal)
    if options.json:
        told = await node.listed("actors", dict[str, object])
        ranked = sorted(told, key=lambda each: _SORTS[options.sort](msgspec.convert(each, ShownActor)))
        terminal.say_json(ranked[: options.limit])
        return 0
    found = sorted(await node.listed("actors", ShownActor), key=_SORTS[options.sort])[: options.limit]
    rows = [_row(actor) for actor in found]
    terminal.say(*(table_lines(terminal, _COLUMNS, rows) if rows else ["no actors"]))
    return 0


def _row(actor: ShownActor) -> list[Cell]:
    full = actor.mailbox.waiting or (actor.mailbox.limit and actor.mailbox.queued >= actor.mailbox.limit)
    return [
        actor.name,
        actor.actor_class,
        actor.channel or "",
        (actor.state, None if actor.state == "running" else Colour.NOTABLE),
        (many(actor.mailbox.queued + actor.mailbox.waiting), Colour.BAD if full else None),
        many(actor.mailbox.delivered),
        (many(actor.restarts), Colour.NOTABLE if actor.restarts else None),
        actor.handling,
    ]


async def _one(node: AdminClient, options: argparse.Namespace, terminal: Terminal) -> int:
    path = api_path("actors", options.name)
    if options.json:
        terminal.say_json(await node.get(path, object))
        return 0
    actor = await node.get(path, ShownActor)
    box = actor.mailbox
    rows = [
        ("class", actor.actor_class),
        ("channel", actor.channel or "none"),
        ("state", actor.state + (", on a thread of its own" if actor.on_thread else "")),
        ("handling", actor.handling),
        ("parent", actor.parent or ""),
        ("children", str(actor.children) if actor.children else ""),
        ("restarts", str(actor.restarts)),
        ("mailbox", f"{box.queued} of {box.limit} messages, {size(box.queued_bytes)} of {size(box.byte_limit)}"),
        ("waiting", f"{box.waiting} sends for room" if box.waiting else ""),
        ("sent", f"{box.sent}, {box.delivered} delivered"),
        ("failed", by_reason(box.failed)),
        ("dropped", by_reason(box.dropped)),
        ("undone", by_reason(box.undone)),
    ]
    head = f"actor {terminal.paint(printable(actor.name), Colour.HEAD)}"
    terminal.say(head, *(f"  {name:<9} {printable(text)}" for name, text in rows if text))
    return 0


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", nargs="?", help="all about this actor")
    parser.add_argument("--sort", choices=list(_SORTS), default="name", help="by what (default: name)")
    parser.add_argument("--limit", metavar="N", type=partial(whole, least=1), help="the first N")


ACTORS = NodeCommand(
    actors,
    _arguments,
    "peerbus actors\npeerbus actors --sort queued --limit 10\npeerbus actors blocks",
    "QUEUED has those that wait for room as well. HANDLING is the message that the actor's handler is at.",
)
