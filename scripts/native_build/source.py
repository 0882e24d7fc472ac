"""A module that is changed before it is compiled: pieces of it are replaced, and no line moves."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

__all__ = ["Source", "bases_of", "plain_name"]


class Source:
    """One module, by its dotted name inside the package."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self.path = path
        self._edits: dict[tuple[int, int, int, int], str] = {}
        self._read()

    def _read(self) -> None:
        self.text = self.path.read_text("utf-8")
        self.tree = ast.parse(self.text)

    @property
    def classes(self) -> Iterator[ast.ClassDef]:
        """Those of the module itself."""
        return (each for each in self.tree.body if isinstance(each, ast.ClassDef))

    def replace(self, node: ast.expr | ast.stmt, text: str) -> None:
        """Put `text`, of one line, in place of a node of the tree."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        self._edits[node.lineno, node.col_offset, node.end_lineno, node.end_col_offset] = text

    def replace_line(self, number: int, text: str) -> None:
        """Put `text` in place of a whole line, by its number from 1."""
        line = self.text.splitlines()[number - 1].encode()
        self._edits[number, 0, number, len(line)] = text

    def append(self, node: ast.stmt, text: str) -> None:
        """Put `text` behind a statement, on its last line."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        at = node.end_lineno, node.end_col_offset
        there = self._edits.get((*at, *at), "")
        if text not in there:
            self._edits[*at, *at] = there + text

    def begin(self, text: str) -> None:
        """Put a statement at the module's beginning, behind what it imports of the future."""
        if text not in self.text:
            self.append(self._future, f"; {text}")

    def begin_for_types(self, text: str) -> None:
        """The same of an import that only the type checker follows."""
        self.begin("from typing import TYPE_CHECKING as _CHECKED")
        number = self._future.lineno + 1
        assert not self.text.splitlines()[number - 1], f"{self.name}:{number} is not empty"
        self.replace_line(number, f"if _CHECKED: {text}")

    @property
    def _future(self) -> ast.ImportFrom:
        found = (each for each in self.tree.body if isinstance(each, ast.ImportFrom))
        return next(each for each in found if each.module == "__future__")

    def write(self) -> None:
        """Make the changes."""
        lines = [line.encode() for line in self.text.split("\n")]
        for (first, start, last, end), text in sorted(self._edits.items(), reverse=True):
            kept = lines[last - 1][end:]
            lines[first - 1] = lines[first - 1][:start] + text.encode() + (b"" if last > first else kept)
            for between in range(first, last - 1):
                lines[between] = b""
            if last > first:
                lines[last - 1] = b" " * end * (not text) + kept
        self._edits.clear()
        self.path.write_text(b"\n".join(lines).decode(), "utf-8")
        self._read()


def plain_name(base: ast.expr) -> str:
    """The name of a base, without what it is of."""
    return ast.unparse(base.value if isinstance(base, ast.Subscript) else base)


def bases_of(
    made: ast.ClassDef, classes: dict[str, tuple[Source, ast.ClassDef]]
) -> Iterator[tuple[Source, ast.ClassDef]]:
    """The classes that it stands on, nearest first, of those that are known by name."""
    for base in made.bases:
        found = classes.get(plain_name(base))
        if found is not None:
            yield found
            yield from bases_of(found[1], classes)
