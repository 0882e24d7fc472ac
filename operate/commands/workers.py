"""`peerbus workers`: the other processes of a node, what each of them takes, and how the last one ended."""

from __future__ import annotations

import argparse

from ..client import AdminClient
from .node_command import NodeCommand
from .shown_work import ShownWorker
from .terminal import Colour, Terminal
from .text_table import Cell, TextColumn, table_lines
from .units import many, size, span

__all__ = ["WORKERS"]

_COLUMNS = (
    TextColumn("WORKER", gives=1),
    TextColumn("PID", right=True),
    TextColumn("STATE"),
    TextColumn("RUNS", gives=3),
    TextColumn("QUEUED", right=True),
    TextColumn("CPU", right=True),
    TextColumn("MEMORY", right=True),
    TextColumn("LAG", right=True),
    TextColumn("BEGUN", right=True),
    TextColumn("FAILED", right=True),
    TextColumn("LAST END", gives=2),
)
#: Seconds by which a loop may be late that nobody looks for.
LATE = 0.25


async def workers(node: AdminClient, options: argparse.Namespace, terminal: Terminal) -> int:
    """See the module."""
    if options.json:
        terminal.say_json(await node.get("/v1/workers", object))
        return 0
    rows = [_row(each) for each in await node.get("/v1/workers", tuple[ShownWorker, ...])]
    terminal.say(*(table_lines(terminal, _COLUMNS, rows) if rows else ["no workers"]))
    return 0


def _row(worker: ShownWorker) -> list[Cell]:
    good = worker.state == "running"
    return [
        worker.name,
        str(worker.pid) if worker.pid else "",
        (worker.state, None if good else Colour.BAD if worker.state == "ended" else Colour.NOTABLE),
        f"a member of {worker.pool}" if worker.pool else ", ".join(worker.reactors),
        many(sum((worker.queued or {}).values())),
        span(worker.cpu, short=True),
        size(worker.memory) if worker.memory else "",
        (span(worker.lag, short=True), Colour.NOTABLE if worker.lag > LATE else None),
        (many(worker.begun), Colour.NOTABLE if worker.begun > 1 else None),
        (many(worker.restarts), Colour.NOTABLE if worker.restarts else None),
        worker.ended,
    ]


WORKERS = NodeCommand(
    workers,
    lambda parser: None,
    "peerbus workers\npeerbus workers --json\nwatch peerbus workers",
    "BEGUN are processes so far, one after the other; FAILED are actors in the one that runs, which were made anew;\n"
    "LAG is by how much its event loop was late at the last look, as it is where a handler computes.",
)
