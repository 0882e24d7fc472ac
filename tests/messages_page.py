"""docs/messages.md, read: what it defines, and the rows of its tables."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

__all__ = ["NAMES", "TRAVELS", "python", "rows"]

PAGE = (Path(__file__).parents[1] / "docs" / "messages.md").read_text(encoding="utf-8")


def definitions() -> dict[str, Any]:
    """What the page defines, as a module: annotations are looked up there."""
    found = re.search(r"With these definitions:\n\n```python\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    module = ModuleType("peerbus_messages_page")
    sys.modules[module.__name__] = module
    exec(compile(found[1], "docs/messages.md", "exec", dont_inherit=True), vars(module))  # noqa: S102  # our own page
    return vars(module)


NAMES = definitions()


def rows(heading: str, columns: int) -> list[list[str]]:
    """The rows of the tables with that many columns below a heading."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    found = [
        [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in section.splitlines()
        if line.startswith("| ") and not line.startswith(("| ---", "| declared"))
    ]
    assert found
    return [row for row in found if len(row) == columns]


def python(text: str) -> list[Any]:
    """What stands in backticks, as values; more than one where commas stand between."""
    return [eval(each, NAMES) for each in re.findall(r"`([^`]+)`", text)]  # noqa: S307  # our own page


#: Type, value and kinds of MessagePack of each row of the first table.
TRAVELS = [
    pytest.param(python(declared)[0], value, re.findall(r"`(\w+)`", wire), id=f"{declared} {number}")
    for declared, values, wire in rows("What travels", 3)
    for number, value in enumerate(python(values))
]
