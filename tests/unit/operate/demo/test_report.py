"""How the demonstration says how it ended."""

from __future__ import annotations

import json

import msgspec
import pytest

from peerbus.operate.demo.report import DemoResult, Row, as_json, as_table


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


def outcome(
    *rows: Row,
    killed: str | None = None,
    killed_at: float | None = None,
    killed_by: float | None = None,
    size: int = 64 << 20,
    seconds: float = 0.5,
) -> DemoResult:
    return DemoResult(
        ok=all(row.verified is not False for row in rows),
        network="demo",
        file="made-up.bin",
        size=size,
        sha256="ab" * 32,
        seconds=seconds,
        total_seconds=2.1,
        killed=killed,
        killed_at=killed_at,
        killed_by=killed_by,
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


@pytest.mark.parametrize(
    ("low", "high", "says"),
    [
        (0.53, 0.53, "was killed at 53%;"),
        (0.53, 0.581, "was killed when 53% to 59% was copied;"),
        (0.5, 1.0, "was killed when 50% to 100% was copied, perhaps too late to matter: --size or --file takes more;"),
        (0.999, 1.0, "was killed when 99% to 100% was copied, perhaps too late"),
        (1.0, 1.0, "was killed when all was copied, too late to matter: --size or --file takes more;"),
    ],
)
def test_when_the_kill_came_is_said_no_more_precisely_than_it_is_known(low: float, high: float, says: str) -> None:
    table = as_table(outcome(row("want-1", wants=True), killed="archive-2", killed_at=low, killed_by=high))
    assert f"archive-2 {says}" in table


def test_the_numbers_of_a_tiny_file_and_of_an_empty_one_are_true() -> None:
    tiny = msgspec.structs.replace(row("want-1", wants=True), bytes=1, blocks_fetched=1, mb_per_s=0.002)
    lines = as_table(outcome(tiny, size=1, seconds=0.0005)).splitlines()
    assert " ".join(lines[2].split()) == "want-1 01234567 — 3 0 1 <0.1 16 11.0 59.0 0.002 verified"
    assert "1 of 1 copy verified, 1 byte each" in lines[4]
    assert "  0.5 ms, 0.002 MB/s in all; 2.1 s with" in lines[6]
    empty = msgspec.structs.replace(tiny, bytes=0, blocks_fetched=0, mb_per_s=None, ask_p50_ms=None, ask_p99_ms=None)
    lines = as_table(outcome(empty, size=0, seconds=0.0)).splitlines()
    assert " ".join(lines[2].split()) == "want-1 01234567 — 3 0 0 0.0 16 — — — verified"
    assert "1 of 1 copy verified, 0 bytes each" in lines[4]
    assert "  0.0 ms; 2.1 s with" in lines[6]


def test_the_json_is_one_line_with_everything_in_the_table() -> None:
    text = as_json(outcome(row("archive-1", wants=False), row("want-1", wants=True)))
    assert "\n" not in text
    read = json.loads(text)
    assert read["ok"] is True
    assert read["nodes"][0]["roles"] == ["archive"]
    assert read["nodes"][0]["verified"] is None
    assert read["nodes"][1]["ask_p50_ms"] == 11.04
