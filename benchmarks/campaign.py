"""One run from its plan to its report: figures are on disk after each process, so an interrupt costs one."""

from __future__ import annotations

import argparse
import fnmatch
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from .cases import CASES, SLOW, slow_name
from .comparison import Comparison, Measured
from .machine import machine, versions
from .newer import bus_of
from .products import PRODUCTS
from .report import as_text, slow_title
from .results import Results, WrongResults
from .rounds import run_rounds
from .run import Run
from .slow import DELAYS, SIZES, Phases

__all__ = ["Plan", "chosen", "run"]

ROUNDS = 5
QUICK_ROUNDS = 3
#: Seconds of a measurement, and of a receiver that is slow, where nothing was said. `run` has three times the cases.
SECONDS = {"run": 0.2, "peers": 0.5, "native": 0.5}
QUICK_SECONDS = 0.1
SLOW_SECONDS, QUICK_SLOW_SECONDS = 5.0, 0.5
#: Seconds that a case takes beside its measurements: two interpreters start, connect and end.
_OVERHEAD = 0.8
#: Measurements of a case, on average, each with a quarter of its time before it.
_MEASUREMENTS = 3.2 * 1.25
#: Part of the work after which the estimate of the rest follows what the work took.
_KNOWN = 0.1


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure, and where the figures go."""

    command: str
    cases: tuple[str, ...]
    slow_cases: tuple[str, ...]
    rounds: int
    slow_rounds: int
    run: Run
    slow_run: Run
    path: Path
    resume: bool

    @classmethod
    def of(cls, command: str, rows: Sequence[Comparison], options: argparse.Namespace, path: Path) -> Plan:
        """The plan of a command line."""
        wanted = {case for row in rows for case in row.cases}
        seconds = options.seconds or (QUICK_SECONDS if options.quick else SECONDS[command])
        slow = tuple(_slow(options.only)) if command == "peers" and options.rounds_slow else ()
        slow_seconds = getattr(options, "seconds_slow", None) or (QUICK_SLOW_SECONDS if options.quick else SLOW_SECONDS)
        return cls(
            command,
            tuple(case for case in CASES if case in wanted),
            slow,
            options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS),
            options.rounds_slow if slow else 0,
            Run(options.loop, seconds),
            Run(options.loop, slow_seconds),
            options.json or path,
            options.resume,
        )

    def settings(self) -> dict[str, object]:
        """What must be the same for a run to be continued."""
        return {
            "cases": list(self.cases), "slow cases": list(self.slow_cases), "loop": self.run.loop,
            "rounds": self.rounds, "seconds": self.run.seconds,
            "slow rounds": self.slow_rounds, "slow seconds": self.slow_run.seconds,
        }  # fmt: skip

    def seconds(self, results: Results) -> tuple[float, float]:
        """About how long what `results` has not will take, on a quiet machine: the first rounds, the slow receivers."""
        case = _OVERHEAD + self.run.seconds * _MEASUREMENTS
        phases = Phases.of(self.slow_run.seconds)
        slow = _OVERHEAD + phases.slow + phases.end + 1.0
        return (
            case * _left(self.cases, results, results.rounds),
            slow * _left(self.slow_cases, results, results.slow),
        )


def chosen(patterns: Sequence[str], *texts: str) -> bool:
    """Whether a text holds one of the patterns, or matches it: `one-way*`; without any, all are chosen."""
    return not patterns or any(
        pattern.lower() in text.lower() or fnmatch.fnmatch(text.lower(), pattern.lower())
        for pattern in patterns
        for text in texts
    )


def _slow(patterns: Sequence[str]) -> list[str]:
    return [
        slow_name(product, delay, size)
        for size in SIZES
        for delay in DELAYS
        for product in SLOW
        if chosen(patterns, PRODUCTS[product].title, f"slow: {slow_title(delay, size)}")
    ]


def _left(cases: Sequence[str], results: Results, rounds: Sequence[dict[str, Measured]]) -> int:
    return sum(case not in found for case in cases if case not in results.missing for found in rounds)


def run(plan: Plan, rows: list[Comparison]) -> int:
    """Measure, report. Exit status: 1 where a case crashed, 130 after an interrupt, else 0."""
    results = _begin(plan)
    start, (whole, _) = perf_counter(), plan.seconds(results)

    def progress(place: str, case: str) -> None:
        results.save(plan.path, rows)
        first, slow = plan.seconds(results)
        if first and whole - first > _KNOWN * whole:  # a busy machine stretches these, and the others hardly
            first *= (perf_counter() - start) / (whole - first)
        left = first + slow
        print(
            f"{perf_counter() - start:6.1f} s, about {left:3.0f} s to go  {place}: {case}", file=sys.stderr, flush=True
        )

    for case, why in results.missing.items():
        if not case.startswith("slow/"):
            print(f"without {case}: {why}", file=sys.stderr)
    try:
        there = [case for case in plan.cases if case not in results.missing]
        run_rounds(there, plan.run, results.rounds, results.crashes, progress)
        # Whether messages are lost and memory grows does not hang on a quiet machine, and a repetition takes long.
        there = [case for case in plan.slow_cases if case not in results.missing]
        run_rounds(there, plan.slow_run, results.slow, results.crashes, progress, repeat=False)
        results.complete = True
    except KeyboardInterrupt:
        print(f"\ninterrupted; what was measured is in {plan.path}, and --resume goes on from there", file=sys.stderr)
    results.save(plan.path, rows)
    sys.stdout.write(as_text(results, rows) + "\n")
    print(f"{perf_counter() - start:6.1f} s  figures: {plan.path}", file=sys.stderr)
    for case, error in results.crashes.items():
        print(f"\n{case} crashed:\n{error}", file=sys.stderr)
    return 130 if not results.complete else 1 if results.crashes else 0


def _elsewhere(cases: Sequence[str], missing: Mapping[str, str]) -> dict[str, str]:
    """Version and build of the bus in the other environments that the cases run in."""
    interpreters = {CASES[case].interpreter for case in cases if case not in missing} - {sys.executable}
    return {f"peerbus for what needs a newer Python ({Path(one).parents[1].name})": bus_of(one) for one in interpreters}


def _begin(plan: Plan) -> Results:
    settings = plan.settings()
    if plan.resume:
        results = Results.load(plan.path)
        if results.settings != settings or results.command != plan.command:
            raise WrongResults(f"{plan.path} is of a run with other settings: give those, or start without --resume")
        return results
    missing = {case: why for case in (*plan.cases, *plan.slow_cases) if (why := CASES[case].missing()) is not None}
    return Results(
        plan.command, settings, machine(), versions() | _elsewhere(plan.cases, missing),
        datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        [{} for _ in range(plan.rounds)], [{} for _ in range(plan.slow_rounds)], {}, missing,
    )  # fmt: skip
