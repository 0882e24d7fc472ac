"""What compression saves and costs is measured through both ends of a lane."""

from __future__ import annotations

import pytest

from benchmarks import compressed
from benchmarks.compressed import COMPRESSED, METHODS
from benchmarks.compression.corpus import CORPORA
from benchmarks.rows import run_rows
from benchmarks.run import Run


def test_each_kind_of_messages_becomes_smaller_but_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compressed, "_SHARE", 0.02)
    found = compressed.compressed(Run("asyncio", 0.0))
    assert {corpus.name for corpus in CORPORA} == set(COMPRESSED)
    for method in METHODS:
        assert found[f"Transaction, {method}"] < 0.7 * found["Transaction"]
        assert found[f"Block of sources, {method}"] < 0.4 * found["Block of sources"]
        assert found[f"Block of noise, {method}"] == found["Block of noise"]
        assert 0 < found[f"Transaction, {method}, time"] < 0.01


def test_what_a_row_compares_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compressed, "_SHARE", 0.01)
    found = compressed.compressed(Run("asyncio", 0.0))
    figures = [each for row in run_rows() for each in (row.ours, row.baseline) if each and each.case == "compression"]
    assert figures
    assert {each.name for each in figures} == set(found)
