"""The command line of the benchmarks: runs the rounds, prints the report; also the door of each process."""

from __future__ import annotations

import argparse
import fnmatch
import importlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from .catalogue import CASES, SERVERS, comparisons, needed
from .comparison import Comparison
from .machine import machine, versions
from .report import as_json, as_text
from .rounds import run_rounds
from .run import Run, installed_loops

__all__ = ["main"]

ROUNDS = 5
QUICK_ROUNDS = 3
#: How much of the work a quick round does.
QUICK_SCALE = 0.4

_ABOUT = """\
Measure peerbus beside Pykka (one process) and beside a raw asyncio Protocol with msgpack (two processes, TCP on
127.0.0.1), on the same messages, in interleaved rounds of fresh processes. The table goes to stdout, progress to
stderr. Read the ratios: absolute figures belong to this machine and this hour.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit status: 1 where a case crashed, else 0."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.measure is not None:
        figures = CASES[options.measure].measure()(Run(options.loop or "asyncio", options.scale))
        print(json.dumps(dict(figures)))
        return 0
    if options.serve is not None:
        module = importlib.import_module(f".{SERVERS[options.serve]}", __package__)
        module.serve(Run(options.loop or "asyncio"), options.serve)
        return 0
    loops = (options.loop,) if options.loop else installed_loops()
    if not set(loops) <= set(installed_loops()):
        parser.error(f"--loop {options.loop}: it is not installed; pip install 'peerbus[fast]'")
    rows = _chosen(comparisons(loops), options.only)
    if options.list:
        _say(_listing(rows))
        return 0
    if not rows:
        parser.error(f"--only {' '.join(options.only)}: no such metric; --list shows them")
    return _run(options, rows, loops)


def _run(options: argparse.Namespace, rows: list[Comparison], loops: tuple[str, ...]) -> int:
    plan = needed(rows, loops, QUICK_SCALE if options.quick else 1.0)
    start = perf_counter()

    def progress(text: str) -> None:
        print(f"{perf_counter() - start:5.1f} s  {text}", file=sys.stderr, flush=True)

    outcome = run_rounds(plan, options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS), progress)
    progress("done")
    _say(as_text(outcome, rows, machine(), versions()))
    if options.json is not None:
        text = json.dumps(as_json(outcome, rows, machine(), versions()), indent=1, ensure_ascii=False)
        options.json.write_text(text + "\n", encoding="utf-8")
    for key, error in outcome.crashes.items():
        print(f"\n{key} crashed:\n{error}", file=sys.stderr)
    return 1 if outcome.crashes else 0


def _say(text: str) -> None:
    print(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("benchmarks", description=_ABOUT, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="three rounds of less work: about a third of the time")
    parser.add_argument("--rounds", type=_positive, metavar="N", help=f"interleaved rounds (default: {ROUNDS})")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME",
        help="only rows whose name or group holds NAME (or matches it: 'one-way*'); may be given again",
    )  # fmt: skip
    parser.add_argument(
        "--loop", choices=("asyncio", "uvloop"), help="one event loop (default: all that are installed)"
    )
    parser.add_argument("--json", type=Path, metavar="PATH", help="write all figures there")
    parser.add_argument("--list", action="store_true", help="say what would be compared, and what each case does")
    parser.add_argument("--measure", choices=sorted(CASES), help=argparse.SUPPRESS)
    parser.add_argument("--serve", choices=sorted(SERVERS), help=argparse.SUPPRESS)
    parser.add_argument("--scale", type=float, default=1.0, help=argparse.SUPPRESS)
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"at least 1, not {number}")
    return number


def _chosen(rows: list[Comparison], patterns: Sequence[str]) -> list[Comparison]:
    if not patterns:
        return rows
    return [
        row
        for row in rows
        if any(
            pattern.lower() in text.lower() or fnmatch.fnmatch(text.lower(), pattern.lower())
            for pattern in patterns
            for text in (row.name, row.group)
        )
    ]


def _listing(rows: Sequence[Comparison]) -> str:
    lines = ["cases, each a process of its own:"]
    lines += [f"  {case.name:<14}{case.about}" for case in CASES.values()]
    group = ""
    for row in rows:
        if row.group != group:
            group = row.group
            lines += ["", group]
        bar = "" if row.bar is None else f", bar {row.bar}"
        lines.append(f"  {row.name:<30}{row.ours.case} against {row.against}{bar}")
    return "\n".join(lines)
