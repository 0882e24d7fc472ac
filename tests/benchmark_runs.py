"""Runs that never ran, for the tests of what is made of them."""

from __future__ import annotations

from benchmarks.comparison import Bar, Comparison, Figure, Measured, Sense
from benchmarks.results import Results

MACHINE = {"processors": "2", "processor": "x", "system": "y", "python": "z"}


def a_run(*pairs: tuple[float, float]) -> Results:
    """A finished run whose rounds had these figures, ours and theirs."""
    rounds: list[dict[str, Measured]] = [{"ours": {"tell": ours}, "theirs": {"tell": theirs}} for ours, theirs in pairs]
    return Results("run", {"rounds": len(pairs)}, MACHINE, {"pykka": "4"}, "today", rounds, complete=True)


def row(name: str = "tell", unit: str = "/s", case: str = "ours", bar: float | None = 3.0) -> Comparison:
    """Ours against theirs."""
    target = None if bar is None else Bar(Sense.AT_LEAST, bar)
    return Comparison("a group", name, unit, Figure(case, "tell"), Figure("theirs", "tell"), "theirs", target)
