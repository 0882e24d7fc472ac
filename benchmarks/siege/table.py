"""The table of a siege, for a terminal and for docs/security.md."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from .law import Row

__all__ = ["as_markdown", "as_text"]

_HEAD = (
    "attack", "p99 idle → under", "longest turn", "share", "worst join", "memory", "descriptors", "log", "held",
)  # fmt: skip


def _cells(row: Row) -> tuple[str, ...]:
    idle, under = row.idle, row.under
    join = max(under.joins, default=math.inf)
    return (
        row.name,
        f"{idle.tail * 1e3:.1f} → {under.tail * 1e3:.1f} ms",
        f"{under.longest * 1e3:.1f} ms",
        f"{row.share:.0%}",
        "never" if math.isinf(join) else f"{join:.2f} s",
        f"+{max(0, under.memory - idle.memory) / 2**20:.0f} MiB",
        f"+{max(0, under.descriptors - idle.descriptors)}",
        f"{under.logged / under.seconds / 1024:.1f} KiB/s",
        "no" if row.broken else "yes",
    )


def as_text(rows: Sequence[Row]) -> str:
    """Columns of equal width, and below them what did not hold."""
    table = [_HEAD, *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in table]
    lines += [f"{row.name}: {text}" for row in rows for text in row.broken]
    return "\n".join(lines)


def as_markdown(rows: Iterable[Row]) -> str:
    """A table of Markdown."""
    lines = [_HEAD, tuple("---" for _ in _HEAD), *map(_cells, rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
