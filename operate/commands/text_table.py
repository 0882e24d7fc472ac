"""A table as lines of text: columns line up, and some of them give way where the terminal is narrow.

Where even that is too wide for the terminal, each row is a few lines: its first column, and below it the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ...actors.base import printable
from .terminal import Colour, Terminal, columns_of, cut

__all__ = ["Cell", "TextColumn", "table_lines"]

#: Between two columns.
GAP = "  "
#: What stands between columns that would not fit otherwise.
NARROW_GAP = " "
#: What a column that gives way keeps at least.
LEAST = 6


@dataclass(frozen=True, slots=True)
class TextColumn:
    """Its title. `right`: numbers line up at their ends. `gives`: how readily it gives way, 0 for never."""

    title: str
    right: bool = False
    gives: int = 0


#: A text, or one in a colour. What is no printable character is escaped.
Cell = str | tuple[str, Colour | None]


def table_lines(terminal: Terminal, columns: Sequence[TextColumn], rows: Iterable[Sequence[Cell]]) -> list[str]:
    """The lines, titles first; columns that are empty in all rows are left out."""
    cells = [
        [(printable(cell), None) if isinstance(cell, str) else (printable(cell[0]), cell[1]) for cell in row]
        for row in rows
    ]
    kept = [index for index in range(len(columns)) if not cells or any(row[index][0] for row in cells)]
    shown = [columns[index] for index in kept]
    body = [[row[index] for index in kept] for row in cells]
    widths = [
        max([columns_of(column.title), *(columns_of(row[index][0]) for row in body)])
        for index, column in enumerate(shown)
    ]
    gap = GAP
    if terminal.columns is not None:
        widths = _narrowed(shown, widths, terminal.columns)
        if sum(widths) + len(gap) * (len(widths) - 1) > terminal.columns:
            gap = NARROW_GAP
        if body and sum(widths) + len(gap) * (len(widths) - 1) > terminal.columns:
            return list(_stacked(terminal, shown, body))
    head: list[tuple[str, Colour | None]] = [(column.title, Colour.HEAD) for column in shown]
    return [_line(terminal, shown, widths, row, gap) for row in [head, *body]]


def _stacked(
    terminal: Terminal, columns: Sequence[TextColumn], body: Sequence[Sequence[tuple[str, Colour | None]]]
) -> Iterator[str]:
    """Each row below its first column, without what is empty in it."""
    room = terminal.columns or 0
    titles = max(columns_of(column.title) for column in columns[1:])
    for first, *others in body:
        yield terminal.paint(cut(first[0] or "-", room, terminal.more), first[1] or Colour.HEAD)
        for column, (text, colour) in zip(columns[1:], others, strict=True):
            if text:
                left = room - titles - 2 * len(GAP)
                yield f"{GAP}{column.title:<{titles}}{GAP}{terminal.paint(cut(text, left, terminal.more), colour)}"


def _narrowed(columns: Sequence[TextColumn], widths: list[int], room: int) -> list[int]:
    """The widths that fit, those that give most readily first."""
    widths = list(widths)
    over = sum(widths) + len(GAP) * (len(widths) - 1) - room
    for index in sorted(range(len(columns)), key=lambda index: -columns[index].gives):
        if over <= 0 or not columns[index].gives:
            break
        less = max(min(widths[index], LEAST), widths[index] - over)
        over -= widths[index] - less
        widths[index] = less
    return widths


def _line(
    terminal: Terminal,
    columns: Sequence[TextColumn],
    widths: Sequence[int],
    row: Sequence[tuple[str, Colour | None]],
    gap: str,
) -> str:
    parts = []
    for column, width, (text, colour) in zip(columns, widths, row, strict=True):
        shown = cut(text, width, terminal.more)
        blank = " " * (width - columns_of(shown))
        painted = terminal.paint(shown, colour)
        parts.append(f"{blank}{painted}" if column.right else f"{painted}{blank}")
    return gap.join(parts).rstrip()
