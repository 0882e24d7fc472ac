"""A row of a table is found by the words that its first cell has as code."""

from __future__ import annotations

from peerbus.operate.explaining.markdown_table import MarkdownTable

TABLE = MarkdownTable.of(
    [
        "| key | what |",
        "| :-- | --- |",
        r"| `peers.max`, `Full` | at most \| at least |",
        '| `peerbus_met{role="words"}` | 1: met |',
        "| words | no code |",
    ]
)


def test_rows_are_as_they_are_written() -> None:
    assert TABLE.head == ("key", "what")
    assert TABLE.rows[0] == ("`peers.max`, `Full`", "at most | at least")
    assert MarkdownTable.of(["| a | b |", "|---|---|", "| one |"]).rows == (("one", ""),)


def test_a_word_finds_its_rows_in_whatever_case() -> None:
    for word in ("peers.max", "full", "FULL"):
        found = TABLE.about(word)
        assert found is not None
        assert found.rows == TABLE.rows[:1]
    metric = TABLE.about("peerbus_met")
    assert metric is not None
    assert metric.rows == TABLE.rows[1:2]
    assert TABLE.about("words") is None
