"""The tables of what works beside plain actors: members of pools, workers, streams, gossips and singletons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ...actors.pool_view import MemberView, PoolView
from ...node.views import StreamsView
from ...node.workers import WorkerView
from ...patterns.gossip import NodeGossip
from ...patterns.singleton import NodeSingleton
from .figures import bytes_text, seconds_text
from .grid import GridColumn, GridRow
from .rates import Rates
from .row_cells import BAD, GOOD, ODD, RowCells
from .sample import Shown, TopSample

__all__ = ["WORK_COLUMNS", "WORK_SORT", "work_rows"]

#: Seconds by which a loop may be late that nobody looks for.
LATE = 0.25

WORK_COLUMNS: Final[Mapping[Shown, tuple[GridColumn, ...]]] = {
    Shown.POOLS: (
        GridColumn("MEMBER", None, descending=False),
        GridColumn("POOL", 14, descending=False),
        GridColumn("STATE", 10, descending=False),
        GridColumn("RUNS", 8, descending=False),
        GridColumn("PID", 8, 100),
        GridColumn("WORK", 5),
        GridColumn("QUEUE", 6),
        GridColumn("STREAMS", 7, 90),
        GridColumn("MSGS/s", 7),
        GridColumn("RESTART", 8),
    ),
    Shown.WORKERS: (
        GridColumn("WORKER", None, descending=False),
        GridColumn("PID", 8),
        GridColumn("STATE", 9, descending=False),
        GridColumn("CPU%", 5),
        GridColumn("MEM", 6),
        GridColumn("LAG", 6),
        GridColumn("QUEUE", 6),
        GridColumn("BEGUN", 6),
        GridColumn("RESTART", 8, 90),
        GridColumn("RUNS", 24, 110, descending=False),
        GridColumn("LAST END", 30, 140, descending=False),
    ),
    Shown.STREAMS: (
        GridColumn("CHANNEL", None, descending=False),
        GridColumn("SENDING", 8),
        GridColumn("WAIT", 6, 90),
        GridColumn("STAND", 6),
        GridColumn("READING", 8),
        GridColumn("ITEMS/s", 8),
        GridColumn("TAKEN/s", 8),
        GridColumn("PENDING", 8),
        GridColumn("FAIL/s", 7),
    ),
    Shown.PATTERNS: (
        GridColumn("NAME", None, descending=False),
        GridColumn("KIND", 9, descending=False),
        GridColumn("ROLE", 12, descending=False),
        GridColumn("STATE", 10, descending=False),
        GridColumn("HELD", 6),
        GridColumn("MEMBERS", 8),
        GridColumn("NEW/s", 6),
        GridColumn("COPY/s", 7),
        GridColumn("ODD", 5),
    ),
}
#: What each is sorted by at first.
WORK_SORT: Final[Mapping[Shown, str]] = {
    Shown.POOLS: "QUEUE",
    Shown.WORKERS: "CPU%",
    Shown.STREAMS: "SENDING",
    Shown.PATTERNS: "NAME",
}


def work_rows(sample: TopSample, shown: Shown, rates: Rates) -> list[GridRow]:
    """The rows of that table, in no order."""
    if shown is Shown.POOLS:
        return [_member(pool, each, rates) for pool in sample.pools for each in pool.members]
    if shown is Shown.WORKERS:
        return [_worker(each, rates) for each in sample.workers]
    if shown is Shown.STREAMS:
        return [_streams(name, each, rates) for name, each in sample.streams.items()]
    patterns = sample.patterns
    return [*(_gossip(each, rates) for each in patterns.gossips), *map(_singleton, patterns.singletons)]


def _member(pool: PoolView, member: MemberView, rates: Rates) -> GridRow:
    cells = RowCells()
    cells.put("MEMBER", member.name, member.name)
    cells.put("POOL", pool.name, pool.name)
    cells.put("STATE", member.state, member.state, "" if member.state == "running" else ODD)
    cells.put("RUNS", member.runs, member.runs)
    cells.put("PID", str(member.pid or ""), member.pid)
    cells.number("WORK", member.at_work)
    cells.number("QUEUE", member.queued)
    cells.number("STREAMS", member.streams)
    cells.number("MSGS/s", rates.rate(("member", member.name)))
    cells.number("RESTART", member.restarts, style=ODD if member.restarts else "")
    return cells.row()


def _worker(worker: WorkerView, rates: Rates) -> GridRow:
    cells, good = RowCells(), worker.state == "running"
    cells.put("WORKER", worker.name, worker.name)
    cells.put("PID", str(worker.pid or ""), worker.pid)
    cells.put("STATE", worker.state, worker.state, "" if good else BAD if worker.state == "ended" else ODD)
    busy = rates.rate(("worker", worker.name, worker.pid))
    cells.number("CPU%", None if busy is None else 100 * busy)
    cells.number("MEM", worker.memory or None, bytes_text)
    cells.number("LAG", worker.lag if good else None, seconds_text, ODD if worker.lag > LATE else "")
    cells.number("QUEUE", sum((worker.queued or {}).values()))
    cells.number("BEGUN", worker.begun, style=ODD if worker.begun > 1 else "")
    cells.number("RESTART", worker.restarts, style=ODD if worker.restarts else "")
    runs = f"a member of {worker.pool}" if worker.pool else ", ".join(worker.reactors)
    cells.put("RUNS", runs, runs)
    cells.put("LAST END", worker.ended, worker.ended)
    return cells.row()


def _streams(channel: str, seen: StreamsView, rates: Rates) -> GridRow:
    cells = RowCells()
    cells.put("CHANNEL", channel, channel)
    cells.number("SENDING", seen.sending)
    cells.number("WAIT", seen.waiting, style=ODD if seen.waiting else "")
    cells.number("STAND", seen.standing, style=ODD if seen.standing else "")
    cells.number("READING", seen.reading)
    cells.number("ITEMS/s", rates.rate(("stream", channel, "sent")))
    cells.number("TAKEN/s", rates.rate(("stream", channel, "delivered")))
    cells.number("PENDING", seen.sent - seen.delivered - seen.failed)
    failing = rates.rate(("stream", channel, "failed"))
    cells.number("FAIL/s", failing, style=BAD if failing else "")
    return cells.row()


def _gossip(gossip: NodeGossip, rates: Rates) -> GridRow:
    cells, seen = RowCells(), gossip.figures
    cells.put("NAME", gossip.name, gossip.name)
    cells.put("KIND", "gossip", "gossip")
    cells.put("ROLE", gossip.role, gossip.role)
    alone = not seen.neighbours
    cells.put("STATE", "alone" if alone else "linked", "alone" if alone else "linked", ODD if alone else "")
    cells.number("HELD", seen.held)
    cells.number("MEMBERS", seen.neighbours + 1)
    cells.number("NEW/s", rates.rate(("gossip", gossip.name, "delivered")))
    cells.number("COPY/s", rates.rate(("gossip", gossip.name, "copies")))
    odd = seen.refused + seen.broken + seen.distrusted
    cells.number("ODD", odd, style=BAD if seen.distrusted else ODD if odd else "")
    return cells.row()


def _singleton(one: NodeSingleton) -> GridRow:
    cells = RowCells()
    cells.put("NAME", one.reactor, one.reactor)
    cells.put("KIND", "singleton", "singleton")
    cells.put("ROLE", one.role, one.role)
    several = len(one.holders) > 1
    style = BAD if several or one.state == "nowhere" else GOOD if one.state == "here" else ""
    cells.put("STATE", f"{len(one.holders)} run" if several else one.state, one.state, style)
    cells.number("HELD", None)
    cells.number("MEMBERS", one.members)
    return cells.row()
