"""docs/security.md: whatever it says that holds, it holds by tests and attacks that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "security.md"
PATHS = list((ROOT / "tests").rglob("test_*.py"))
FILES = {path.name for path in PATHS}
TESTS = {
    name
    for path in PATHS
    for name in re.findall(r"^\s*(?:async )?def (test_\w+)\(", path.read_text(encoding="utf-8"), re.MULTILINE)
}
ATTACKS = {
    name
    for path in (ROOT / "benchmarks" / "siege" / "attacks").glob("*.py")
    for name in re.findall(r'name="([a-z-]+)"', path.read_text(encoding="utf-8"))
}
#: Each attack of the tables, and what holds it off.
ROWS = re.findall(r"^\| (?P<attack>[^|]+) \| [^|]+ \| (?P<by>[^|]*`[^|]*) \|$", PAGE.read_text(encoding="utf-8"), re.M)


def _exists(word: str) -> bool:
    if word.endswith(".py"):
        return (ROOT / word).is_file() if "/" in word else word in FILES
    if word.startswith("test_"):
        return word in TESTS
    return word in ATTACKS or word.startswith("make ") or word == "log"


@pytest.mark.parametrize(("attack", "by"), ROWS)
def test_what_holds_is_held_by_what_exists(attack: str, by: str) -> None:
    missing = [word for word in re.findall(r"`([^`]+)`", by) if not _exists(word)]
    assert missing == [], f"{attack}: no such test or attack"


def test_every_attack_of_the_siege_is_told_of() -> None:
    assert len(ROWS) > 30
    told = {word for _, by in ROWS for word in re.findall(r"`([^`]+)`", by)}
    assert sorted(ATTACKS - told) == [], "add a row: what holds against it"
