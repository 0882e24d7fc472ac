"""Files of the repository that the documentation shows whole, each behind `<!-- file: its path -->`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ShownFile", "shown_files"]

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
_MARK = re.compile(r"<!-- file: (?P<path>\S+) -->\n```(?P<language>[a-z]*)\n(?P<text>.*?)^```$", re.DOTALL | re.M)


@dataclass(frozen=True)
class ShownFile:
    """One place in a document."""

    document: Path
    path: str
    text: str

    @property
    def current(self) -> str:
        """What the file has."""
        return (ROOT / self.path).read_text(encoding="utf-8")


def shown_files() -> Iterator[ShownFile]:
    """Every place."""
    for document in sorted(DOCS.rglob("*.md")):
        for found in _MARK.finditer(document.read_text(encoding="utf-8")):
            yield ShownFile(document, found["path"], found["text"])


def write() -> None:
    """Put the files as they are into the documents."""
    for document in sorted(DOCS.rglob("*.md")):
        text = document.read_text(encoding="utf-8")
        written = _MARK.sub(_current, text)
        if written != text:
            document.write_text(written, encoding="utf-8")


def _current(found: re.Match[str]) -> str:
    text = (ROOT / found["path"]).read_text(encoding="utf-8")
    return f"<!-- file: {found['path']} -->\n```{found['language']}\n{text}```"
