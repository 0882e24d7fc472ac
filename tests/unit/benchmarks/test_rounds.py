"""Rounds interleave, repeat what others disturbed, and go on where they were interrupted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from benchmarks.comparison import Measured
from benchmarks.processes import CaseFailed
from benchmarks.results import FOREIGN
from benchmarks.rounds import run_rounds
from benchmarks.run import Run


@dataclass(frozen=True)
class Load:
    busy: float

    def cores(self) -> float:
        return self.busy


def silent(place: str, case: str) -> None:
    pass


def test_every_second_round_runs_in_the_reverse_order_and_a_crash_leaves_a_gap() -> None:
    order: list[str] = []

    def measure(case: str, run: Run) -> Measured:
        order.append(case)
        if case == "raw":
            raise CaseFailed("boom")
        return {"tell": 1.0}

    rounds: list[dict[str, Measured]] = [{}, {}]
    crashes: dict[str, str] = {}
    names = ["pykka", "raw", "plain"]
    run_rounds(names, Run(), rounds, crashes, silent, measure=measure, watch=lambda: Load(0.0))
    assert order == ["pykka", "raw", "plain", "plain", "raw", "pykka"]
    assert [sorted(found) for found in rounds] == [["plain", "pykka"]] * 2
    assert crashes == {"raw": "boom"}


def test_a_disturbed_measurement_is_taken_once_more_as_often_as_there_are_cases_and_the_quieter_one_counts() -> None:
    loads = iter([0.5, 0.9, 0.1, 0.8])
    values = iter([1.0, 7.0, 2.0, 3.0])

    def measure(case: str, run: Run) -> Mapping[str, float]:
        return {"tell": next(values)}

    rounds: list[dict[str, Measured]] = [{}, {}, {}]
    run_rounds(["pykka"], Run(), rounds, {}, silent, measure=measure, watch=lambda: Load(next(loads)))
    assert [found["pykka"] for found in rounds] == [
        {"tell": 1.0, FOREIGN: 0.5},
        {"tell": 2.0, FOREIGN: 0.1},
        {"tell": 3.0, FOREIGN: 0.8},
    ]


def test_an_interrupt_keeps_what_was_measured_and_the_next_run_measures_the_rest() -> None:
    order: list[str] = []

    def measure(case: str, run: Run) -> Mapping[str, float]:
        order.append(case)
        if len(order) == 2:
            raise KeyboardInterrupt
        return {"tell": float(len(order))}

    rounds: list[dict[str, Measured]] = [{}]
    with pytest.raises(KeyboardInterrupt):
        run_rounds(["a", "b", "c"], Run(), rounds, {}, silent, measure=measure, watch=lambda: Load(0.0))
    run_rounds(["a", "b", "c"], Run(), rounds, {}, silent, measure=measure, watch=lambda: Load(0.0))
    assert order == ["a", "b", "b", "c"]
    assert sorted(rounds[0]) == ["a", "b", "c"]
