"""How the demonstration says how it ended."""

from __future__ import annotations

import json

import pytest

from peerbus.node.demo_report import Outcome, Row, as_json, as_table


def row(name: str, *, wants: bool, killed: bool = False, verified: bool = True) -> Row:
    return Row(
        name=name,
        id="0123456789abcdef" * 4,
        roles=() if wants else ("archive",),
        peers=3,
        killed=killed,
        blocks_served=0 if wants else 512,
        blocks_fetched=512 if wants else 0,
        bytes=64 << 20,
        retries=16 if wants else 0,
        ask_p50_ms=11.04 if wants else None,
        ask_p99_ms=59.0 if wants else None,
        mb_per_s=162.4,
        verified=verified if wants else None,
    )


def outcome(*rows: Row, killed: str | None = None, killed_at: float | None = None) -> Outcome:
    return Outcome(
        ok=all(row.verified is not False for row in rows),
        network="demo",
        file="made-up.bin",
        size=64 << 20,
        sha256="ab" * 32,
        seconds=0.5,
        total_seconds=2.1,
        killed=killed,
        killed_at=killed_at,
        nodes=rows,
    )


def test_the_table_has_a_row_for_each_node_and_a_verdict() -> None:
    rows = [row("archive-1", wants=False), row("archive-2", wants=False, killed=True), row("want-1", wants=True)]
    lines = as_table(outcome(*rows, killed="archive-2", killed_at=0.53)).splitlines()
    assert " ".join(lines[0].split()) == "node id role peers served fetched MiB retries p50 ms p99 ms MB/s copy"
    assert " ".join(lines[2].split()) == "archive-1 01234567 archive 3 512 0 64.0 0 — — 162 —"
    assert lines[3].split()[-1] == "killed"
    assert " ".join(lines[4].split()) == "want-1 01234567 — 3 0 512 64.0 16 11.0 59.0 162 verified"
    assert lines[6:] == [
        "  1 of 1 copy verified, 64.0 MiB each",
        f"  sha256 {'ab' * 32}",
        "  0.50 s, 134 MB/s in all; 2.1 s with starting and stopping",
        "  archive-2 was killed at 53%; its row is what it last reported",
    ]


def test_columns_stand_below_their_heads() -> None:
    lines = as_table(outcome(row("archive-1", wants=False), row("want-1", wants=True))).splitlines()
    end = lines[0].index("retries") + len("retries")
    assert [line[:end].split()[-1] for line in lines[2:4]] == ["0", "16"]


def test_a_copy_that_is_wrong_is_named() -> None:
    table = as_table(outcome(row("want-1", wants=True), row("want-2", wants=True, verified=False)))
    assert "WRONG" in table
    assert "1 of 2 copies verified" in table


@pytest.mark.parametrize(("killed_at", "late"), [(0.99, False), (1.0, True)])
def test_a_kill_that_came_too_late_is_said_to(killed_at: float, late: bool) -> None:
    table = as_table(outcome(row("want-1", wants=True), killed="archive-2", killed_at=killed_at))
    assert ("too late to matter" in table) == late


def test_the_json_is_one_line_with_everything_in_the_table() -> None:
    text = as_json(outcome(row("archive-1", wants=False), row("want-1", wants=True)))
    assert "\n" not in text
    read = json.loads(text)
    assert read["ok"] is True
    assert read["nodes"][0]["roles"] == ["archive"]
    assert read["nodes"][0]["verified"] is None
    assert read["nodes"][1]["ask_p50_ms"] == 11.04
