"""`peerbus waits`: who waits for whom, and where they wait in a circle."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping

from ...actors.base import printable
from ..client import AdminClient
from .node_command import NodeCommand
from .shown import ShownWait
from .terminal import Colour, Terminal
from .text_table import Cell, TextColumn, table_lines
from .units import span

__all__ = ["WAITS", "circles"]

_COLUMNS = (
    TextColumn("FOR", right=True),
    TextColumn("ACTOR", gives=1),
    TextColumn("IN", gives=4),
    TextColumn("WAITS FOR"),
    TextColumn("OF", gives=2),
    TextColumn("SENT", gives=3),
)
_HERE = "bus://local/"


async def waits(node: AdminClient, options: argparse.Namespace, terminal: Terminal) -> int:
    """See the module."""
    if options.json:
        terminal.say_json(await node.get("/v1/waits", object))
        return 0
    found = await node.get("/v1/waits", tuple[ShownWait, ...])
    if not found:
        terminal.say("nobody waits")
        return 0
    rounds = circles(found)
    inside = {place for circle in rounds for place in circle}
    rows: list[list[Cell]] = [
        [
            span(wait.seconds, short=True),
            (wait.actor.removeprefix(_HERE), Colour.BAD if wait.actor in inside else None),
            wait.handling,
            wait.what,
            wait.to.removeprefix(_HERE) or "?",
            wait.sent,
        ]
        for wait in sorted(found, key=lambda wait: -wait.seconds)
    ]
    lines = table_lines(terminal, _COLUMNS, rows)
    for circle in rounds:
        names = [printable(place.removeprefix(_HERE)) for place in [*circle, circle[0]]]
        lines.append(terminal.paint(f"in a circle: {' → '.join(names)}", Colour.BAD))
    terminal.say(*lines)
    return 0


def circles(found: Iterable[ShownWait]) -> list[tuple[str, ...]]:
    """Actors that wait for each other in a circle, each circle once, from its first name on."""
    edges: dict[str, list[str]] = {}
    for wait in found:
        edges.setdefault(wait.actor, []).append(wait.to)
    rounds = {circle for place in edges if (circle := _back_to(place, edges)) is not None}
    return sorted(rounds)


def _back_to(start: str, edges: Mapping[str, list[str]]) -> tuple[str, ...] | None:
    """The shortest way from an actor to itself, from the first name of it on; None: there is none."""
    ways: list[tuple[str, ...]] = [(start,)]
    seen = set()
    for way in ways:
        for there in edges.get(way[-1], ()):
            if there == start:
                first = way.index(min(way))
                return way[first:] + way[:first]
            if there not in seen:
                seen.add(there)
                ways.append((*way, there))
    return None


WAITS = NodeCommand(
    waits,
    lambda parser: None,
    "peerbus waits\nwatch peerbus waits",
    "Each line is a send that the handler of an actor here stands in: in which message, what for (an answer, room in\n"
    "a mailbox, a peer's credit, or a route), of whom, and what it has sent.",
)
