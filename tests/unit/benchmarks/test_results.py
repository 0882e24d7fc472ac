"""Results survive the disk whole, and nothing else is taken for them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from benchmark_runs import a_run, row

from benchmarks.results import FOREIGN, Results, WrongResults


def test_what_was_saved_is_loaded_and_programs_find_the_comparisons(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "run.json"
    results = a_run(*5 * [(400.0, 100.0), (500.0, 100.0)])
    results.slow = [{"slow/x": {"lost": 3.0, FOREIGN: 0.5}}]
    results.save(path, [row(), row("gone", case="gone")])
    assert Results.load(path) == results
    assert [child.name for child in path.parent.iterdir()] == ["run.json"]
    first, second = json.loads(path.read_text(encoding="utf-8"))["comparisons"]
    assert (first["verdict"], first["ratio"]) == ("met", {"median": 4.5, "low": 4.0, "high": 5.0})
    assert (second["verdict"], second["ratio"]) == (None, None)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2}', '{"format": 1, "command": "run"}'])
def test_another_file_is_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(WrongResults, match=r"other\.json"):
        Results.load(path)


def test_why_there_is_no_figure_is_told() -> None:
    results = a_run()
    results.missing["zmq"] = "the Python package zmq is not installed"
    results.crashes["raw"] = "Traceback\nBoom: it broke"
    assert results.why("peerbus", "zmq") == "missing: the Python package zmq is not installed"
    assert results.why("raw") == "crashed: Boom: it broke"
    assert results.why("peerbus") == "not measured"


def test_foreign_load_is_collected_from_every_process() -> None:
    results = a_run()
    results.rounds = [{"a": {FOREIGN: 0.1}, "b": {"tell": 1.0}}]
    results.slow = [{"c": {FOREIGN: 0.3}}]
    assert results.foreign() == [0.1, 0.3]
