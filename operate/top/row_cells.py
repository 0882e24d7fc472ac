"""One row of a table being filled: its texts, what they are sorted by, and what of it is worth a colour."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ...actors.base import printable
from .figures import count_text, sparkline
from .grid import GridRow, Value

__all__ = ["BAD", "DIM", "GOOD", "LINE", "ODD", "RowCells"]

GOOD, ODD, BAD, DIM = "green", "yellow", "red", "dim"
#: Characters of a line of blocks.
LINE: Final = 16


class RowCells:
    """One row being filled."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.values: dict[str, Value] = {}
        self.styles: dict[str, str] = {}

    def put(self, title: str, text: str, value: Value, style: str = "") -> None:
        """What stands in a column, and what it is sorted by."""
        self.texts[title], self.values[title] = printable(text), value
        if style:
            self.styles[title] = style

    def number(
        self, title: str, value: float | None, text: Callable[[float], str] = count_text, style: str = ""
    ) -> None:
        """Nothing where it is not known."""
        self.put(title, "" if value is None else text(value), value, style)

    def line(self, values: tuple[float, ...], blocks: str) -> None:
        """The last values, as blocks."""
        self.put("TRAFFIC", sparkline(values, LINE, blocks), sum(values[-LINE:]))

    def row(self) -> GridRow:
        """It is filled."""
        return GridRow(self.texts, self.values, self.styles)
