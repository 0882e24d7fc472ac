"""Tables of a screen as values: columns, rows, and those rows that are shown, in their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["GridColumn", "GridRow", "Value", "arranged", "columns_within"]

Value = str | float | None


@dataclass(frozen=True, slots=True)
class GridColumn:
    """One column. `width` None: it takes what is left. `at`: the least width of a screen that shows it.

    `descending`: sorted by it, the largest comes first; texts come in the order of the alphabet, or in this `order`.
    """

    title: str
    width: int | None = None
    at: int = 0
    descending: bool = True
    order: tuple[str, ...] = ()

    def rank(self, value: Value) -> tuple[int, float, str]:
        """What a value is sorted by."""
        if isinstance(value, str):
            return (0, self.order.index(value), "") if value in self.order else (1, 0.0, value)
        return 0, value or 0.0, ""


@dataclass(frozen=True, slots=True)
class GridRow:
    """One row: by the titles of columns what stands there, and what it is sorted by; some in a style of rich's."""

    texts: Mapping[str, str]
    values: Mapping[str, Value]
    styles: Mapping[str, str] = field(default_factory=dict)


def columns_within(columns: Sequence[GridColumn], width: int) -> tuple[GridColumn, ...]:
    """Those that a screen of that width shows."""
    return tuple(column for column in columns if column.at <= width)


def arranged(
    rows: Sequence[GridRow], columns: Sequence[GridColumn], *, sort: str, reverse: bool, match: str
) -> tuple[GridRow, ...]:
    """The rows in which `match` stands somewhere, whatever the case, sorted by the column `sort`; the empty ones last.

    Rows that are alike there come by their first column.
    """
    column = next((each for each in columns if each.title == sort), columns[0])
    first, wanted = columns[0].title, match.lower()
    found = [row for row in rows if any(wanted in text.lower() for text in row.texts.values())]
    found.sort(key=lambda row: str(row.values.get(first, "")))
    empty = [row for row in found if row.values.get(sort) in (None, "")]
    filled = [row for row in found if row.values.get(sort) not in (None, "")]
    filled.sort(key=lambda row: column.rank(row.values[column.title]), reverse=column.descending is not reverse)
    return (*filled, *empty)
