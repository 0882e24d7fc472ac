"""How a demonstration ended: a row for each node, as a table for people and as JSON."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from .progress import MIB, mib, plural, rate

__all__ = ["DemoResult", "Row", "as_json", "as_table"]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One node. Times are milliseconds, `bytes` are those served or fetched; None where it has no such thing.

    `verified`: the SHA-256 of its copy is the file's; None for a node that wanted none.
    """

    name: str
    id: str
    roles: tuple[str, ...]
    peers: int
    killed: bool
    blocks_served: int
    blocks_fetched: int
    bytes: int
    retries: int
    ask_p50_ms: float | None
    ask_p99_ms: float | None
    mb_per_s: float | None
    verified: bool | None


class DemoResult(msgspec.Struct, frozen=True, kw_only=True):
    """A whole demonstration. `seconds`: from the first ask for a block to the last copy, 0 where there is none.

    When one was `killed`, of all copies at least the share `killed_at` was there, and at most `killed_by`, 0 to 1.
    """

    ok: bool
    network: str
    file: str
    size: int
    sha256: str
    seconds: float
    total_seconds: float
    killed: str | None
    killed_at: float | None
    killed_by: float | None
    nodes: tuple[Row, ...]


def as_json(outcome: DemoResult) -> str:
    """One JSON object on one line."""
    return msgspec.json.encode(outcome).decode()


def as_table(outcome: DemoResult) -> str:
    """The table, and below it the verdict."""
    head = ("node", "id", "role", "peers", "served", "fetched", "MiB", "retries", "p50 ms", "p99 ms", "MB/s", "copy")
    table = [head, *(_cells(row) for row in outcome.nodes)]
    widths = [max(len(row[column]) for row in table) for column in range(len(head))]
    lines = ["  ".join(_aligned(column, cell, widths[column]) for column, cell in enumerate(row)) for row in table]
    lines.insert(1, "─" * len(lines[0]))
    return "\n".join([*(f"  {text}".rstrip() for text in lines), "", _verdict(outcome)])


def _cells(row: Row) -> Sequence[str]:
    copy = "—" if row.verified is None else "verified" if row.verified else "WRONG"
    return (
        row.name,
        row.id[:8],
        ", ".join(row.roles) or "—",
        str(row.peers),
        str(row.blocks_served),
        str(row.blocks_fetched),
        "<0.1" if 0 < row.bytes < 0.05 * MIB else f"{row.bytes / MIB:.1f}",
        str(row.retries),
        _milliseconds(row.ask_p50_ms),
        _milliseconds(row.ask_p99_ms),
        "—" if row.mb_per_s is None else rate(row.mb_per_s),
        "killed" if row.killed else copy,
    )


def _milliseconds(value: float | None) -> str:
    return "—" if value is None else f"{value:.1f}"


def _aligned(column: int, cell: str, width: int) -> str:
    """Words to the left, numbers to the right."""
    return cell.ljust(width) if column < 3 or column == 11 else cell.rjust(width)


def _verdict(outcome: DemoResult) -> str:
    copies = [row.verified for row in outcome.nodes if row.verified is not None]
    copied = sum(row.bytes for row in outcome.nodes if row.verified is not None)
    took = f"{outcome.seconds:.2f} s" if outcome.seconds >= 0.1 else f"{outcome.seconds * 1e3:.1f} ms"
    speed = f", {rate(copied / 1e6 / outcome.seconds)} MB/s in all" if copied and outcome.seconds else ""
    lines = [
        f"{copies.count(True)} of {plural(len(copies), 'copy')} verified, {mib(outcome.size)} each",
        f"sha256 {outcome.sha256}",
        f"{took}{speed}; {outcome.total_seconds:.1f} s with starting and stopping",
    ]
    if outcome.killed is not None and outcome.killed_at is not None:
        when = _when(outcome.killed_at, outcome.killed_at if outcome.killed_by is None else outcome.killed_by)
        lines.append(f"{outcome.killed} was killed {when}; its row is what it last reported")
    return "\n".join(f"  {text}" for text in lines)


def _when(low: float, high: float) -> str:
    """How much was copied when the archive was killed, as far as anybody knows."""
    more = "--size or --file takes more"
    if low >= 1:
        return f"when all was copied, too late to matter: {more}"
    least, most = int(low * 100), -int(-high * 100 // 1)
    if high >= 1:
        return f"when {least}% to 100% was copied, perhaps too late to matter: {more}"
    return f"at {least}%" if most <= least else f"when {least}% to {most}% was copied"
