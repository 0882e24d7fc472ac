"""Ratios are taken round by round, and a target is met or missed only by all of them."""

from __future__ import annotations

import pytest

from benchmarks.comparison import Bar, Comparison, Figure, Sense, Spread

OURS, THEIRS = Figure("ours", "tell"), Figure("theirs", "tell")


def rounds(*pairs: tuple[float, float]) -> list[dict[str, dict[str, float]]]:
    return [{"ours": {"tell": ours}, "theirs": {"tell": theirs}} for ours, theirs in pairs]


def test_a_ratio_is_taken_within_each_round_and_its_median_is_reported() -> None:
    result = Comparison("group", "tell", "/s", OURS, THEIRS, "theirs").result(
        rounds((10.0, 1.0), (40.0, 10.0), (90.0, 30.0))
    )
    assert result is not None
    assert result.baseline is not None
    assert result.ratio == Spread(4.0, 3.0, 10.0)
    assert (result.ours.median, result.baseline.median) == (40.0, 10.0)
    assert result.verdict is None


def test_a_round_in_which_one_side_crashed_is_left_out() -> None:
    row = Comparison("group", "tell", "/s", OURS, THEIRS, "theirs")
    result = row.result([*rounds((10.0, 5.0)), {"ours": {"tell": 99.0}}])
    assert result is not None
    assert (result.rounds, result.ratio) == (1, Spread(2.0, 2.0, 2.0))
    assert row.result([{"theirs": {"tell": 1.0}}]) is None


def test_a_figure_that_an_older_run_did_not_have_is_no_result() -> None:
    row = Comparison("group", "ask", "s", Figure("ours", "ask"), None, "")
    assert row.result(rounds((10.0, 5.0))) is None


def test_an_absolute_target_judges_our_own_figure() -> None:
    row = Comparison("g", "memory", "B", OURS, THEIRS, "theirs", Bar(Sense.AT_MOST, 5.0), absolute=True)
    found = [row.result(rounds(*pairs)) for pairs in (5 * [(4.0, 1.0)], 5 * [(6.0, 100.0)], 4 * [(4.0, 1.0)])]
    # Four rounds prove nothing.
    assert [result and result.verdict and result.verdict.value for result in found] == ["met", "missed", "unresolved"]


def test_more_of_a_rate_is_better_and_less_of_a_time() -> None:
    better = [Comparison("g", "x", unit, OURS, THEIRS, "").better for unit in ("/s", "B/s", "s", "B")]
    assert better == [Sense.AT_LEAST, Sense.AT_LEAST, Sense.AT_MOST, Sense.AT_MOST]


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
def test_a_target_is_met_or_missed_only_by_the_whole_range(sense: str, low: float, high: float, verdict: str) -> None:
    assert Bar(Sense(sense), 3.0).verdict(Spread((low + high) / 2, low, high)).value == verdict
