"""Files of the repository, or regions of them, that the documentation shows, each behind `<!-- file: its path -->`.

A region is named behind the path, `<!-- file: tests/docs/test_routing.py#sends -->`, and stands in the file between
lines of comment: `# region: sends` and `# endregion`. It is shown without the indentation that all its lines have.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ROOT", "ShownFile", "documents", "region_of", "shown_files", "write"]

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
#: Folders beside docs/ whose pages people read, too.
_BESIDE = ("examples", "clients")
_MARK = re.compile(
    r"<!-- file: (?P<path>[^\s#]+)(?:#(?P<region>\S+))? -->\n+```(?P<language>[a-z]*)\n(?P<text>.*?)^```$",
    re.DOTALL | re.M,
)


@dataclass(frozen=True)
class ShownFile:
    """One place in a document. `line` is that of its mark, counted from 1."""

    document: Path
    line: int
    path: str
    region: str | None
    text: str

    @property
    def current(self) -> str:
        """What the file has."""
        return _current(self.path, self.region)


def documents() -> list[Path]:
    """Every page that people read: those of the root, of docs/, and those that stand beside examples and clients."""
    beside = [page for folder in _BESIDE for page in (ROOT / folder).rglob("*.md") if "node_modules" not in page.parts]
    return sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *beside])


def shown_files() -> Iterator[ShownFile]:
    """Every place."""
    for document in documents():
        text = document.read_text(encoding="utf-8")
        for found in _MARK.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            yield ShownFile(document, line, found["path"], found["region"], found["text"])


def region_of(text: str, name: str) -> str | None:
    """What stands in the region of that name, or None where there is none."""
    found = re.search(
        rf"^[ \t]*(?:#|//) region: {re.escape(name)}\n(.*?)^[ \t]*(?:#|//) endregion$", text, re.DOTALL | re.MULTILINE
    )
    return None if found is None else textwrap.dedent(found[1]).strip("\n") + "\n"


def write() -> None:
    """Put the files as they are into the documents."""
    for document in documents():
        text = document.read_text(encoding="utf-8")
        written = _MARK.sub(_shown, text)
        if written != text:
            document.write_text(written, encoding="utf-8")


def _current(path: str, region: str | None) -> str:
    text = (ROOT / path).read_text(encoding="utf-8")
    if region is None:
        return text
    found = region_of(text, region)
    if found is None:
        raise ValueError(f"{path} has no region {region!r}: put it between '# region: {region}' and '# endregion'")
    return found


def _shown(found: re.Match[str]) -> str:
    begin = found.start("text") - found.start()
    return found[0][:begin] + _current(found["path"], found["region"]) + "```"
