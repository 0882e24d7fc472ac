"""The benchmarks compute what they say: ratios round by round, verdicts by range, nothing by the clock."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _benchmarks_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """`benchmarks` is a folder of the checkout, not of the package."""
    monkeypatch.syspath_prepend(str(ROOT))


@dataclass(frozen=True)
class _Load:
    busy: float

    def cores(self) -> float:
        return self.busy


def _rounds(*pairs: tuple[float, float]) -> list[dict[str, dict[str, float]]]:
    return [{"ours": {"tell": ours}, "theirs": {"tell": theirs}} for ours, theirs in pairs]


def _benchmarks(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", str(ROOT / "benchmarks"), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)


def test_a_ratio_is_taken_within_each_round_and_its_median_is_reported() -> None:
    from benchmarks.comparison import Comparison, Figure

    row = Comparison("group", "tell", "/s", Figure("ours", "tell"), Figure("theirs", "tell"), "theirs")
    result = row.result(_rounds((10.0, 1.0), (40.0, 10.0), (90.0, 30.0)))
    assert result is not None
    assert (result.ratio.median, result.ratio.low, result.ratio.high) == (4.0, 3.0, 10.0)
    assert (result.ours.median, result.baseline.median) == (40.0, 10.0)
    assert result.verdict is None


def test_a_round_in_which_one_side_crashed_is_left_out() -> None:
    from benchmarks.comparison import Comparison, Figure

    row = Comparison("group", "tell", "/s", Figure("ours", "tell"), Figure("theirs", "tell"), "theirs")
    rounds: list[dict[str, dict[str, float]]] = [*_rounds((10.0, 5.0)), {"ours": {"tell": 99.0}}]
    result = row.result(rounds)
    assert result is not None
    assert (result.rounds, result.ratio.high) == (1, 2.0)
    assert row.result([{"theirs": {"tell": 1.0}}]) is None


@pytest.mark.parametrize(
    ("sense", "low", "high", "verdict"),
    [
        ("≥", 3.0, 5.0, "met"),
        ("≥", 2.0, 2.9, "missed"),
        ("≥", 2.9, 3.1, "unresolved"),
        ("≤", 1.0, 3.0, "met"),
        ("≤", 3.1, 4.0, "missed"),
        ("≤", 2.9, 3.1, "unresolved"),
    ],
)
def test_a_bar_is_met_or_missed_only_by_the_whole_range(sense: str, low: float, high: float, verdict: str) -> None:
    from benchmarks.comparison import Bar, Sense, Spread

    assert Bar(Sense(sense), 3.0).verdict(Spread((low + high) / 2, low, high)).value == verdict


def test_quantiles_lie_between_the_two_nearest_values() -> None:
    from benchmarks.timing import percentiles, quantile

    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert quantile([1.0, 2.0], 0.5) == 1.5
    assert percentiles([float(value) for value in range(101)]) == {"p50": 50.0, "p99": 99.0}
    with pytest.raises(ValueError, match="no values"):
        quantile([], 0.5)


def test_a_count_that_differs_makes_the_figure_worthless() -> None:
    from benchmarks.timing import confirm

    confirm(7, 7)
    with pytest.raises(RuntimeError, match="8 messages were sent and 7 were handled"):
        confirm(7, 8)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (142e-6, "s", "142 µs"),
        (4.87e-6, "s", "4.87 µs"),
        (10.4e-3, "s", "10.4 ms"),
        (1_014_934.0, "/s", "1.01 M/s"),
        (80_183.0, "/s", "80.2 k/s"),
        (1669.1, "B", "1.63 KiB"),
        (1.5e9, "B/s", "1.50 GB/s"),
    ],
)
def test_figures_show_three_digits_and_a_unit(value: float, unit: str, text: str) -> None:
    from benchmarks.report import figure

    assert figure(value, unit) == text


def test_every_second_round_runs_in_the_reverse_order_and_a_crash_is_told_once() -> None:
    from benchmarks.catalogue import CASES
    from benchmarks.processes import CaseFailed
    from benchmarks.rounds import run_rounds
    from benchmarks.run import Run

    order: list[str] = []

    def measure(case: str, run: Run) -> Mapping[str, float]:
        order.append(case)
        if case == "raw":
            raise CaseFailed("boom")
        return {"tell": 1.0}

    plan = {name: (CASES[name], Run()) for name in ("pykka", "raw", "plain")}
    outcome = run_rounds(plan, 2, lambda text: None, measure=measure, watch=lambda: _Load(0.0))
    assert order == ["pykka", "raw", "plain", "plain", "raw", "pykka"]
    assert [sorted(found) for found in outcome.rounds] == [["plain", "pykka"]] * 2
    assert outcome.crashes == {"raw": "boom"}


def test_a_disturbed_measurement_is_taken_once_more_as_often_as_there_are_cases_and_the_quieter_one_counts() -> None:
    from benchmarks.catalogue import CASES
    from benchmarks.rounds import run_rounds
    from benchmarks.run import Run

    loads = iter([0.9, 0.5, 0.1, 0.8])
    figures = iter([{"tell": float(number)} for number in range(4)])
    outcome = run_rounds(
        {"pykka": (CASES["pykka"], Run())},
        3,
        lambda text: None,
        measure=lambda case, run: next(figures),
        watch=lambda: _Load(next(loads)),
    )
    assert [found["pykka"]["tell"] for found in outcome.rounds] == [1.0, 2.0, 3.0]
    assert outcome.foreign == [0.5, 0.1, 0.8]


def test_the_report_shows_each_row_its_verdict_and_what_crashed() -> None:
    from benchmarks.comparison import Bar, Comparison, Figure, Sense
    from benchmarks.report import as_json, as_text
    from benchmarks.rounds import Outcome

    bar = Bar(Sense.AT_LEAST, 3.0)
    rows = [
        Comparison("a group", "tell", "/s", Figure("ours", "tell"), Figure("theirs", "tell"), "theirs", bar),
        Comparison("a group", "gone", "/s", Figure("gone", "tell"), Figure("theirs", "tell"), "theirs"),
    ]
    rounds: list[dict[str, Mapping[str, float]]] = [dict(found) for found in _rounds((400.0, 100.0), (500.0, 100.0))]
    outcome = Outcome(rounds=rounds, foreign=[0.5])
    machine = {"processors": "2", "processor": "x", "system": "y", "python": "z"}
    text = as_text(outcome, rows, machine, {"pykka": "4"})
    assert "met" in next(line for line in text.splitlines() if line.startswith("  tell"))
    assert "crashed" in next(line for line in text.splitlines() if line.startswith("  gone"))
    assert text.endswith("bars: 1 met")
    first, second = json.loads(json.dumps(as_json(outcome, rows, machine, {})))["comparisons"]
    assert (first["verdict"], first["ratio"]) == ("met", {"median": 4.5, "low": 4.0, "high": 5.0})
    assert (second["verdict"], second["ratio"]) == (None, None)


def test_every_figure_of_a_row_is_measured_by_a_case_that_a_round_runs() -> None:
    from benchmarks.catalogue import comparisons, needed

    loops = ("asyncio", "uvloop")
    rows = comparisons(loops)
    assert {figure.case for row in rows for figure in (row.ours, row.baseline)} == set(needed(rows, loops, 1.0))


def test_the_command_measures_what_it_is_asked_for_and_ends_with_status_0(tmp_path: Path) -> None:
    report = tmp_path / "bench.json"
    done = _benchmarks("--quick", "--rounds=1", "--loop=asyncio", "--only=ask p50 against a future", f"--json={report}")
    assert done.returncode == 0, done.stderr
    assert "bare future" in done.stdout
    (row,) = json.loads(report.read_text(encoding="utf-8"))["comparisons"]
    assert row["ratio"]["low"] > 0


def test_a_pattern_that_fits_nothing_is_an_error_in_one_line() -> None:
    done = _benchmarks("--only", "nonsense")
    assert done.returncode == 2
    assert "no such metric" in done.stderr.splitlines()[-1]
