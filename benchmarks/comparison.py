"""One row of the report: our figure, a baseline's, their ratio round by round, and whether it passes its bar.

Law 1: a ratio is taken between two figures of the same round, never between medians of different rounds.
Law 2: a bar is met or missed only if the ratio of every round says so; else it is unresolved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from statistics import median
from typing import assert_never

__all__ = ["Bar", "Comparison", "Figure", "Result", "Rounds", "Sense", "Spread", "Verdict"]

#: For each round, the figures by case and name; a case that crashed in a round is missing there.
Rounds = Sequence[Mapping[str, Mapping[str, float]]]


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
    """A comparison over all rounds."""

    ours: Spread
    baseline: Spread
    ratio: Spread
    verdict: Verdict | None
    rounds: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """`ours` against `baseline`, called `against` in the report. `unit`: `/s`, `s`, `B` or `B/s`."""

    group: str
    name: str
    unit: str
    ours: Figure
    baseline: Figure
    against: str
    bar: Bar | None = None

    def result(self, rounds: Rounds) -> Result | None:
        """The result over the rounds in which both sides were measured; None where there is no such round."""
        pairs = [
            (found[self.ours.case][self.ours.name], found[self.baseline.case][self.baseline.name])
            for found in rounds
            if self.ours.case in found and self.baseline.case in found
        ]
        if not pairs:
            return None
        # A figure of 0 (memory that did not grow) has no ratio that means anything; the smallest float keeps it finite.
        ratio = Spread.of([ours / max(baseline, 1e-12) for ours, baseline in pairs])
        return Result(
            ours=Spread.of([ours for ours, _ in pairs]),
            baseline=Spread.of([baseline for _, baseline in pairs]),
            ratio=ratio,
            verdict=None if self.bar is None else self.bar.verdict(ratio),
            rounds=len(pairs),
        )
