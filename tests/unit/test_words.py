"""Comments, docstrings and pages are plain standard English: words that had crept in for others stay out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from source_tree import BESIDE, FLOORS, ROOT

#: Folders that people write in.
FOLDERS = (*FLOORS, BESIDE, "tests", "examples", "benchmarks", "fuzz", "scripts", "clients", "docs")
WRITTEN = frozenset({".css", ".html", ".js", ".md", ".py", ".toml", ".ts"})
#: What `npm` and others put there.
BROUGHT = frozenset({"node_modules", "__pycache__", "results"})

#: What is not written, and what is instead.
WORDS = {
    "'so many' without a 'that' behind it": (
        re.compile(r"\b[Ss]o (?:many|few|much)\b(?![^.;:]*\bthat\b)"),
        "name the number, or write 'that many'",
    ),
    "'who' for one that does something": (
        re.compile(r"(?:; |, so )who "),
        "write 'whoever', or what it is: a peer, a node, a sender",
    ),
}


@pytest.mark.parametrize("name", WORDS)
def test_words_that_are_not_written(name: str) -> None:
    pattern, instead = WORDS[name]
    found = []
    for path in _written():
        text = path.read_text(encoding="utf-8")
        for match in pattern.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            found.append(f"{path.relative_to(ROOT)}:{line}: {text[match.start() : match.end() + 20]!r}")
    assert found == [], instead


def _written() -> Iterator[Path]:
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in WRITTEN and not BROUGHT & set(path.parts) and path != Path(__file__):
                yield path
