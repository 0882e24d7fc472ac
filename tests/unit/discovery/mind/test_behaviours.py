"""Every rule in the documentation of peers has a number, and tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
TESTS = {
    name
    for path in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^\s*(?:async )?def (\w+)\(", path.read_text(encoding="utf-8"), re.MULTILINE)
}


@pytest.mark.parametrize(
    ("heading", "rules"),
    [("The rules of the peer manager, and the test of each", 73), ("The rules, and the test of each", 20)],
)
def test_every_rule_is_listed_with_tests_that_exist(heading: str, rules: int) -> None:
    text = (ROOT / "docs" / "peers.md").read_text(encoding="utf-8")
    section = text.partition(f"### {heading}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (\d+) \| .+ \| (`.+`) \|$", section, re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, rules + 1))
    named = {name for _, names in rows for name in re.findall(r"`(\w+)`", names)}
    assert named - TESTS == set()
