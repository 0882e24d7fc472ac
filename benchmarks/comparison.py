"""One row of the report: our figure, a baseline's, their ratio round by round, and whether it passes its bar.

Law 1: a ratio is taken between two figures of the same round, never between medians of different rounds.
Law 2: a bar is met or missed only if every round says so, and there are ENOUGH_ROUNDS; else it is unresolved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from statistics import median
from typing import assert_never

__all__ = ["Bar", "Comparison", "Figure", "Measured", "Result", "Rounds", "Sense", "Spread", "Verdict"]

ENOUGH_ROUNDS = 5
#: The figures of one process, by name.
Measured = Mapping[str, float]
#: For each round, the figures by case; a case that crashed in a round is missing there.
Rounds = Sequence[Mapping[str, Measured]]


class Sense(Enum):
    """On which side of the bar a ratio should be."""

    AT_LEAST = "≥"
    AT_MOST = "≤"


class Verdict(Enum):
    """What a ratio's range says about its bar."""

    MET = "met"
    MISSED = "missed"
    UNRESOLVED = "unresolved"


@dataclass(frozen=True, slots=True)
class Spread:
    """The median and the extremes over the rounds."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Raises ValueError where there are none."""
        if not values:
            raise ValueError("no values, so no spread")
        return cls(median(values), min(values), max(values))


@dataclass(frozen=True, slots=True)
class Bar:
    """Where a ratio should be."""

    sense: Sense
    value: float

    def verdict(self, ratio: Spread) -> Verdict:
        """Met or missed where the whole range is on one side; unresolved where it straddles the bar."""
        match self.sense:
            case Sense.AT_LEAST:
                met, missed = ratio.low >= self.value, ratio.high < self.value
            case Sense.AT_MOST:
                met, missed = ratio.high <= self.value, ratio.low > self.value
            case _:
                assert_never(self.sense)
        return Verdict.MET if met else Verdict.MISSED if missed else Verdict.UNRESOLVED

    def __str__(self) -> str:
        return f"{self.sense.value} {self.value:.3g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that a case measures."""

    case: str
    name: str


@dataclass(frozen=True, slots=True)
class Result:
    """A comparison over all rounds. Without a baseline there is no ratio either."""

    ours: Spread
    baseline: Spread | None
    ratio: Spread | None
    verdict: Verdict | None
    rounds: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """`ours` against `baseline`, called `against` in the report. `unit`: `/s`, `s`, `B` or `B/s`.

    `bar`: where the ratio should be, or, if `absolute`, our own figure.
    """

    group: str
    name: str
    unit: str
    ours: Figure
    baseline: Figure | None
    against: str
    bar: Bar | None = None
    absolute: bool = False

    @property
    def better(self) -> Sense:
        """Which way is better: more of a rate, less of a time or of memory."""
        return Sense.AT_LEAST if self.unit.endswith("/s") else Sense.AT_MOST

    @property
    def cases(self) -> tuple[str, ...]:
        """The processes that it looks at."""
        return (self.ours.case,) if self.baseline is None else (self.ours.case, self.baseline.case)

    def result(self, rounds: Rounds) -> Result | None:
        """The result over the rounds in which both sides were measured; None where there is no such round."""
        figures = (self.ours,) if self.baseline is None else (self.ours, self.baseline)
        whole = [
            [found[figure.case][figure.name] for figure in figures]
            for found in rounds
            if all(figure.name in found.get(figure.case, ()) for figure in figures)
        ]
        if not whole:
            return None
        ours = Spread.of([values[0] for values in whole])
        if self.baseline is None:
            baseline = ratio = None
        else:
            baseline = Spread.of([values[1] for values in whole])
            # A figure of 0 (memory that did not grow) has no ratio that means anything; this keeps it finite.
            ratio = Spread.of([values[0] / max(values[1], 1e-12) for values in whole])
        judged = ours if self.absolute else ratio
        verdict = None if self.bar is None or judged is None else self.bar.verdict(judged)
        if verdict is not None and len(whole) < ENOUGH_ROUNDS:
            verdict = Verdict.UNRESOLVED
        return Result(ours, baseline, ratio, verdict, len(whole))
