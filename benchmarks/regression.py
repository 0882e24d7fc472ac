"""Compares two runs, ratio by ratio: a change of the machine changes both sides of a ratio, a change of ours only one.

Law 1: ratios are compared, never times.
Law 2: worse is only what is worse in every round: the ranges do not meet, and the medians differ by TOLERANCE.
       What is worse in the middle while the ranges meet is said, and fails nothing.
Law 3: fewer than ROUNDS rounds on either side prove nothing, however far apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from .comparison import Comparison, Result, Sense, Spread
from .report import digits
from .results import Results

__all__ = ["TOLERANCE", "Change", "Verdict", "as_text", "changes"]

#: Part of the ratio that may be lost by chance: the spread between rounds on a quiet machine is 20 to 40 %.
TOLERANCE = 0.10
ROUNDS = 3


class Verdict(Enum):
    """What became of a ratio."""

    BETTER = "better"
    SAME = "same"
    UNRESOLVED = "unresolved"
    WORSE = "WORSE"
    GONE = "not measured now"
    NEW = "not measured before"


@dataclass(frozen=True, slots=True)
class Change:
    """One row in both runs."""

    row: Comparison
    before: Spread | None
    after: Spread | None
    #: Of the run that had fewer.
    rounds: int

    @property
    def verdict(self) -> Verdict:
        """See the laws."""
        if self.before is None:
            return Verdict.NEW
        if self.after is None:
            return Verdict.GONE
        # As if more were better: for a time, the reciprocal is.
        before, after = (self.before, self.after) if self.row.better is Sense.AT_LEAST else _turned(self)
        if after.low > before.high and self.rounds >= ROUNDS:
            return Verdict.BETTER
        if after.median >= before.median * (1 - TOLERANCE):
            return Verdict.SAME
        return Verdict.WORSE if after.high < before.low and self.rounds >= ROUNDS else Verdict.UNRESOLVED


def _turned(change: Change) -> tuple[Spread, Spread]:
    def turned(spread: Spread) -> Spread:
        return Spread(*(1 / max(value, 1e-12) for value in (spread.median, spread.high, spread.low)))

    assert change.before is not None
    assert change.after is not None
    return turned(change.before), turned(change.after)


def changes(rows: Sequence[Comparison], before: Results, after: Results) -> list[Change]:
    """Each row that has a ratio in one of the runs."""
    found = [
        Change(row, _ratio(first), _ratio(second), min(0 if each is None else each.rounds for each in (first, second)))
        for row in rows
        if row.baseline is not None
        for first, second in [(row.result(before.rounds), row.result(after.rounds))]
    ]
    return [change for change in found if change.before or change.after]


def _ratio(result: Result | None) -> Spread | None:
    return None if result is None else result.ratio


def as_text(found: Sequence[Change]) -> str:
    """A line for each row, the worst first, and how many of each."""
    order = {verdict: place for place, verdict in enumerate(reversed(Verdict))}
    order[Verdict.WORSE] = -1
    lines = []
    for change in sorted(found, key=lambda change: order[change.verdict]):
        row = change.row
        name = f"{row.name} / {row.against}" + (f" ({row.group})" if row.group != row.name else "")
        lines.append(f"  {change.verdict.value:<10}  {_text(change.before)} → {_text(change.after)}  {name}")
    counts: Mapping[Verdict, int] = {verdict: sum(change.verdict is verdict for change in found) for verdict in Verdict}
    lines += [
        "",
        f"worse: in every round, by {TOLERANCE:.0%} in the middle; unresolved: in the middle, but the ranges meet",
    ]
    lines += [", ".join(f"{number} {verdict.value}" for verdict, number in counts.items() if number)]
    return "\n".join(lines)


def _text(spread: Spread | None) -> str:
    if spread is None:
        return f"{'–':>21}"
    return f"{f'{digits(spread.median)} × ({digits(spread.low)}–{digits(spread.high)})':>21}"
