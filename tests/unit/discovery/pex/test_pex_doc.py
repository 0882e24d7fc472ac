"""What docs/peers.md says of peer exchange is what the code does, and each of its rules has its test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from peerbus.discovery.facts import scores
from peerbus.discovery.pex import neighbour, pex
from peerbus.discovery.records import own_record

ROOT = Path(__file__).parents[4]
DOC = (ROOT / "docs" / "peers.md").read_text(encoding="utf-8")
SECTION = DOC.partition("\n## Peer exchange\n")[2].partition("\n## ")[0]
TESTS = "\n".join(
    path.read_text(encoding="utf-8")
    for path in (ROOT / "tests" / "network" / "test_exchange.py", *Path(__file__).parent.glob("test_pex*.py"))
)


def test_every_rule_has_a_test_of_its_name() -> None:
    rows = re.findall(r"^\| (\d+) \| .+ \| (`.+`) \|$", SECTION, re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, 21))
    named = [name for _, names in rows for name in re.findall(r"`(\w+)`", names)]
    assert [name for name in named if not re.search(rf"^(async )?def {name}\(", TESTS, re.MULTILINE)] == []


def test_every_fault_is_explained_and_has_its_weight() -> None:
    table = SECTION.partition("| fault | what the peer did |")[2].partition("\n\n")[0]
    explained = set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))
    source = (ROOT / "discovery" / "pex" / "pex.py").read_text(encoding="utf-8")
    source += (ROOT / "discovery" / "pex" / "exchange.py").read_text(encoding="utf-8")
    words = {reason.value for reason in scores.ScoreReason}
    assert explained == {word for word in re.findall(r'"(\w+)"', source) if word in words}
    assert all(scores.WEIGHTS[scores.ScoreReason(word)] < 0 for word in explained)


@pytest.mark.parametrize("number", [pex.MAX_RECORDS, pex.MAX_ANSWER_BYTES, pex.AMPLIFICATION])
def test_the_limits_are_those_of_the_code(number: int) -> None:
    assert re.search(rf"(?<![\d,]){number:,}(?!,?\d)", SECTION)


def test_the_times_are_those_of_the_code() -> None:
    assert own_record.LIFETIME == 3600
    assert pex.FIRST_ASK == 0.2
    assert (neighbour.SEED_LINGER, neighbour.SEED_PATIENCE, neighbour.SEED_VISIT) == (2, 15, 60)
    assert (neighbour.PATIENCE_TOKENS, neighbour.PATIENCE_RATE) == (3, 1 / 60)
    assert "within 0.2 s" in SECTION
    assert "2 s later (15 s where it does not ask)" in SECTION
    assert "three times are forgiven, and one more each minute" in SECTION
