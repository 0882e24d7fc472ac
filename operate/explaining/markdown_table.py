"""A table of a page, as Markdown writes it: its head, and its rows, which a word in the first cell names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["MarkdownTable", "tables_in"]

_RULE = re.compile(r"\|[\s|:-]+\|")
_CELL = re.compile(r"(?<!\\)\|")
_WORD = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class MarkdownTable:
    """`rows` are as long as `head`."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, lines: list[str]) -> MarkdownTable:
        """Read lines that begin with `|`: the head, the rule, and the rows."""
        cells = [_cells(line) for line in lines if not _RULE.fullmatch(line.strip())]
        head, rows = cells[0], cells[1:]
        return cls(head, tuple((*row, *[""] * len(head))[: len(head)] for row in rows))

    def about(self, word: str) -> MarkdownTable | None:
        """Of this table the rows whose first cell has that word as code, in whatever case; None: it has none."""
        rows = tuple(row for row in self.rows if word.casefold() in map(str.casefold, self.words(row)))
        return MarkdownTable(self.head, rows) if rows else None

    @staticmethod
    def words(row: tuple[str, ...]) -> Iterator[str]:
        """What a row is about: the code in its first cell, and of a metric or a call what is before its brackets."""
        for word in _WORD.findall(row[0]):
            yield word
            bare = re.split(r"[ ({=]", word, maxsplit=1)[0]
            if bare != word:
                yield bare


def tables_in(text: str) -> Iterator[MarkdownTable]:
    """The tables of a text, one after the other."""
    lines: list[str] = []
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            lines.append(line)
        elif lines:
            yield MarkdownTable.of(lines)
            lines = []


def _cells(line: str) -> tuple[str, ...]:
    parts = _CELL.split(line.strip())
    return tuple(part.strip().replace(r"\|", "|") for part in parts[1:-1])
