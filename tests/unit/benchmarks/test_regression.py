"""Two runs are compared by ratios, and only what is worse in every round fails."""

from __future__ import annotations

import pytest
from benchmark_runs import a_run, row

from benchmarks.regression import Verdict, as_text, changes

BASE = [(10.0, 1.0), (11.0, 1.0), (12.0, 1.0)]


@pytest.mark.parametrize(
    ("after", "rate", "time"),
    [
        ([(10.5, 1.0), (11.0, 1.0), (11.0, 1.0)], Verdict.SAME, Verdict.SAME),
        ([(105.0, 10.0), (110.0, 10.0), (120.0, 10.0)], Verdict.SAME, Verdict.SAME),
        ([(20.0, 1.0), (22.0, 1.0), (21.0, 1.0)], Verdict.BETTER, Verdict.WORSE),
        ([(5.0, 1.0), (9.0, 1.0), (8.0, 1.0)], Verdict.WORSE, Verdict.BETTER),
        ([(5.0, 1.0), (10.5, 1.0), (6.0, 1.0)], Verdict.UNRESOLVED, Verdict.SAME),
        ([(5.0, 1.0), (9.0, 1.0)], Verdict.UNRESOLVED, Verdict.SAME),
        ([], Verdict.GONE, Verdict.GONE),
    ],
)
def test_a_ratio_is_worse_where_the_ranges_do_not_meet(
    after: list[tuple[float, float]], rate: Verdict, time: Verdict
) -> None:
    rows = [row("a rate", "/s"), row("a time", "s")]
    found = changes(rows, a_run(*BASE), a_run(*after))
    assert [change.verdict for change in found] == [rate, time]


def test_what_only_one_run_has_is_named_and_what_neither_has_is_not() -> None:
    found = changes([row(), row("gone", case="gone")], a_run(), a_run(*BASE))
    assert [change.verdict for change in found] == [Verdict.NEW]


def test_the_worst_is_told_first() -> None:
    rows = [row("a rate", "/s"), row("a time", "s")]
    lines = as_text(changes(rows, a_run(*BASE), a_run(*3 * [(5.0, 1.0)]))).splitlines()
    assert lines[0].split() == ["WORSE", "11.0", "×", "(10.0–12.0)", "→", "5.00", "×", "(5.00–5.00)", "a", "rate", "/",
                                "theirs", "(a", "group)"]  # fmt: skip
    assert lines[-1] == "1 better, 1 WORSE"
