"""How a demonstration ended: a row for each node, as a table for people and as JSON."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from .demo_progress import MIB, mib, plural

__all__ = ["Outcome", "Row", "as_json", "as_table"]


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
    mb_per_s: float
    verified: bool | None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A whole demonstration. `seconds`: from the first ask for a block to the last copy; `killed_at`: the share of
    all copies that was there then, 0 to 1."""

    ok: bool
    network: str
    file: str
    size: int
    sha256: str
    seconds: float
    total_seconds: float
    killed: str | None
    killed_at: float | None
    nodes: tuple[Row, ...]


def as_json(outcome: Outcome) -> str:
    """One JSON object on one line."""
    return msgspec.json.encode(outcome).decode()


def as_table(outcome: Outcome) -> str:
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
        f"{row.bytes / MIB:.1f}",
        str(row.retries),
        _milliseconds(row.ask_p50_ms),
        _milliseconds(row.ask_p99_ms),
        f"{row.mb_per_s:.0f}",
        "killed" if row.killed else copy,
    )


def _milliseconds(value: float | None) -> str:
    return "—" if value is None else f"{value:.1f}"


def _aligned(column: int, cell: str, width: int) -> str:
    """Words to the left, numbers to the right."""
    return cell.ljust(width) if column < 3 or column == 11 else cell.rjust(width)


def _verdict(outcome: Outcome) -> str:
    copies = [row.verified for row in outcome.nodes if row.verified is not None]
    speed = sum(row.bytes for row in outcome.nodes if row.verified is not None) / 1e6 / (outcome.seconds or 1e-9)
    lines = [
        f"{copies.count(True)} of {plural(len(copies), 'copy')} verified, {mib(outcome.size)} each",
        f"sha256 {outcome.sha256}",
        f"{outcome.seconds:.2f} s, {speed:.0f} MB/s in all; {outcome.total_seconds:.1f} s with starting and stopping",
    ]
    if outcome.killed is not None and outcome.killed_at is not None:
        late = "" if outcome.killed_at < 1 else ", too late to matter: --size or --file takes more"
        lines.append(f"{outcome.killed} was killed at {outcome.killed_at:.0%}{late}; its row is what it last reported")
    return "\n".join(f"  {text}" for text in lines)
