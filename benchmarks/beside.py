"""A commit beside this checkout: the same cases of both in turns, in the same hour on the same machine.

Published figures belong to the machine that they were taken on; whether a change made something slower is asked here.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from .campaign import chosen
from .cases import CASES
from .comparison import Comparison, Figure, Measured, Result, Sense
from .processes import measured
from .regression import TOLERANCE
from .report import digits
from .rounds import run_rounds
from .rows import run_rows
from .run import Run, installed_loops

__all__ = ["NoCommit", "checked_out", "is_worse", "main", "rows_beside"]

_ABOUT = """\
A commit beside this checkout: each case of both in fresh processes that take turns, and of each figure how many times
that of the commit it is, round by round (median, lowest–highest). The case of a commit is measured by the benchmarks of
that commit, so a figure that it did not have yet is left out. Exit status 1 where a figure is worse in every round, and
by 10 % in the middle.
"""
_ROOT = Path(__file__).resolve().parents[1]
#: Before the name of a case: it is the commit's.
_THEN = "then:"
#: Of cases whose figures are the bus's; the others are what it is compared with.
_OURS = ("local", "actors", "alone", "crowd", "thread", "snapshot", "traced", "peerbus", "worked")


class NoCommit(Exception):
    """There is no such commit, or this is no checkout of git; the text is what git says."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit status."""
    parser = argparse.ArgumentParser(
        "benchmarks beside", description=_ABOUT, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("commit", metavar="COMMIT", help="a commit, a tag or a branch of this checkout")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="of fresh processes (default: 5)")
    parser.add_argument("--seconds", type=float, default=0.2, metavar="S", help="of each measurement (default: 0.2)")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME",
        help="only figures in whose names, groups or cases NAME is; repeatable",
    )  # fmt: skip
    options = parser.parse_args(arguments)
    rows = [row for row in rows_beside(options.commit) if chosen(options.only, row.name, row.group, row.ours.case)]
    if not rows or options.rounds < 1:
        parser.error(f"--only {' '.join(options.only)}: no such figure" if not rows else "--rounds: at least 1")
    cases = list(dict.fromkeys(case for row in rows for case in row.cases))
    rounds: list[dict[str, Measured]] = [{} for _ in range(options.rounds)]
    crashes: dict[str, str] = {}
    try:
        with checked_out(options.commit) as there:
            run = Run(installed_loops()[0], options.seconds)
            run_rounds(cases, run, rounds, crashes, _progress, measure=lambda case, run: _measured(case, run, there))
    except NoCommit as error:
        print(error, file=sys.stderr)
        return 2
    for case, why in crashes.items():
        print(f"left out, {case}: {why.strip().splitlines()[-1]}", file=sys.stderr)
    return _said(rows, rounds)


def rows_beside(commit: str) -> list[Comparison]:
    """Each figure of the bus that a run measures, beside the same of a commit."""
    ours: dict[Figure, Comparison] = {}
    for row in run_rows():
        if row.ours.case.split(".")[0] in _OURS:
            ours.setdefault(row.ours, row)
    return [
        Comparison(row.group, row.name, row.unit, figure, Figure(_THEN + figure.case, figure.name), commit)
        for figure, row in ours.items()
    ]


def is_worse(row: Comparison, result: Result) -> bool:
    """In every round, and by TOLERANCE in the middle."""
    if result.ratio is None:
        return False
    if row.better is Sense.AT_LEAST:
        return result.ratio.high < 1 and result.ratio.median < 1 - TOLERANCE
    return result.ratio.low > 1 and 1 / result.ratio.median < 1 - TOLERANCE


@contextlib.contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """A folder whose `peerbus` is that commit, for as long as it is looked at. Raises NoCommit."""
    with tempfile.TemporaryDirectory(prefix="peerbus-beside-") as folder:
        place = Path(folder, "peerbus")
        _git("worktree", "add", "--quiet", "--detach", str(place), commit)
        try:
            yield Path(folder)
        finally:
            _git("worktree", "remove", "--force", str(place))


def _git(*words: str) -> None:
    git = shutil.which("git")
    if git is None:
        raise NoCommit("git is not installed, and it brings the commit")
    done = subprocess.run([git, "-C", str(_ROOT), *words], check=False, capture_output=True, text=True)
    if done.returncode:
        raise NoCommit(done.stderr.strip() or f"git {words[0]}: exit status {done.returncode}")


def _measured(case: str, run: Run, there: Path) -> Mapping[str, float]:
    if not case.startswith(_THEN):
        return measured(case, run, CASES[case].interpreter)
    name = case.removeprefix(_THEN)
    paths = [str(there), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    command = there / "peerbus" / "benchmarks"
    return measured(name, run, CASES[name].interpreter, command=str(command), environment=environment)


def _progress(place: str, case: str) -> None:
    print(f"{place}: {case}", file=sys.stderr)


def _said(rows: Sequence[Comparison], rounds: Sequence[Mapping[str, Measured]]) -> int:
    """Print a line for each figure; returns the exit status."""
    worse = 0
    group = ""
    width = max(len(row.name) for row in rows)
    for row in rows:
        result = row.result(rounds)
        if result is None or result.ratio is None:
            continue
        if row.group != group:
            group = row.group
            print(f"\n{group}")
        ratio, bad = result.ratio, is_worse(row, result)
        worse += bad
        text = f"{digits(ratio.median)} × ({digits(ratio.low)}–{digits(ratio.high)})"
        print(f"  {row.name:<{width}}  {text:<24}{'WORSE' if bad else ''}".rstrip())
    print(f"\n{worse} worse: in every round, and by {TOLERANCE:.0%} in the middle")
    return 1 if worse else 0
