"""The command line of the scenario: a fresh process for each size, then a table, a plot and the figures as JSON."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.machine import ForeignLoad, machine, versions

from .plot import plot
from .scenario import Plan, Point, Result, measure

__all__ = ["main"]

DEFAULT = Plan()
SIZES = (10, 30, 100, 300, 1000)
DOCS = Path(__file__).resolve().parents[2] / "docs"

_ABOUT = """\
Start many whole nodes in one process on virtual time and let them find each other; say what a node takes of memory,
how many events there are in a second, and when every node knows a peer for every role. Virtual figures follow from the
seed; seconds and memory are this machine's. The table goes to stdout, progress to stderr.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit status: 1 where a size crashed, 2 where the plot has no extra."""
    parser = _parser()
    options = parser.parse_args(arguments)
    plans = [
        Plan(nodes=nodes, roles=min(options.roles, nodes), degree=options.degree, seed=options.seed)
        for nodes in options.nodes or SIZES
    ]
    if options.measure:
        _measure_here(plans[0])
    load, results, failed = ForeignLoad(), list[Result](), False
    for plan in plans:
        result = _measure_apart(plan)
        failed |= result is None
        if result is not None:
            results.append(result)
            print(f"{plan.nodes} nodes: {result.wall:.0f} s", file=sys.stderr, flush=True)
    facts = {**machine(), "others kept busy": f"{load.cores():.1f} processors"}
    print(as_text(results, facts, plans[0]))
    where: Path = options.out
    where.mkdir(parents=True, exist_ok=True)
    figures = {
        "machine": facts,
        "versions": versions(),
        "plan": {key: value for key, value in asdict(plans[0]).items() if key != "nodes"},
        "results": [asdict(result) for result in results],
    }
    (where / "simulation.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    if results and not options.no_plot:
        try:
            plot(results, facts, where)
        except ImportError as error:
            print(error, file=sys.stderr)
            return 2
    return 1 if failed else 0


def as_text(results: Sequence[Result], facts: Mapping[str, str], plan: Plan) -> str:
    """The table."""
    head = (
        "nodes", "all know every role", "reach every role", "connections", "events", "events/s", "quiet minute",
        "wall", "memory",
    )  # fmt: skip
    rows = [head, *(_row(result) for result in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return "\n".join(
        [
            ", ".join(f"{key}: {value}" for key, value in facts.items()),
            f"{plan.roles} roles, at most {plan.degree} connections a node, latency log-normal "
            f"{plan.latency * 1000:.0f} ms (sigma {plan.sigma}), seed {plan.seed}",
            "events until the network has settled; events/s by processor time; memory for each node",
            "",
            *("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows),
        ]
    )


def _row(result: Result) -> tuple[str, ...]:
    known = (
        "not all" if result.known_at is None else f"{max(0.0, result.known_at - result.last_start):.1f} s after all run"
    )
    return (
        str(result.nodes),
        known,
        f"{result.reach:.0%}",
        f"{result.degree:.1f}",
        str(result.events),
        f"{result.events / result.cpu:.0f}",
        f"{result.quiet_events} in {result.quiet_cpu:.1f} s",
        f"{result.wall:.0f} s",
        f"{result.bytes / 2**20:.2f} MiB",
    )


def _measure_here(plan: Plan) -> None:
    """In this process, which ends with its result: to stop a thousand nodes in order takes longer than all else."""

    def done(result: Result) -> None:
        print(json.dumps(asdict(result)), flush=True)
        os._exit(0)

    measure(plan, lambda text: print(f"  {text}", file=sys.stderr, flush=True), done)


def _measure_apart(plan: Plan) -> Result | None:
    command = [
        sys.executable, "-P", str(Path(__file__).resolve().parents[1]), "sim",
        "--measure", f"--nodes={plan.nodes}", f"--roles={plan.roles}",
        f"--degree={plan.degree}", f"--seed={plan.seed}",
    ]  # fmt: skip
    ran = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    if ran.returncode or not ran.stdout:
        print(f"{plan.nodes} nodes: the process ended with status {ran.returncode}", file=sys.stderr)
        return None
    figures = json.loads(ran.stdout)
    return Result(**{**figures, "points": [Point(**point) for point in figures["points"]]})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "benchmarks sim", description=_ABOUT, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "--nodes", type=_at_least(2), action="append", metavar="N",
        help=f"this many nodes; may be given again (default: {', '.join(map(str, SIZES))})",
    )  # fmt: skip
    parser.add_argument(
        "--roles", type=_at_least(1), default=DEFAULT.roles, help="roles, dealt out in turn (default: 10)"
    )
    parser.add_argument(
        "--degree", type=_at_least(2), default=DEFAULT.degree, help="connections of a node at most (default: 24)"
    )
    parser.add_argument("--seed", type=int, default=DEFAULT.seed, help="another course of events (default: 0)")
    parser.add_argument("--out", type=Path, default=DOCS, metavar="FOLDER", help="where files go (default: docs)")
    parser.add_argument("--no-plot", action="store_true", help="only the table and simulation.json")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    return parser


class _at_least:  # noqa: N801  # argparse shows its name
    def __init__(self, least: int) -> None:
        self._least = least

    def __call__(self, text: str) -> int:
        number = int(text)
        if number < self._least:
            raise argparse.ArgumentTypeError(f"at least {self._least}, not {number}")
        return number

    def __repr__(self) -> str:
        return "number"
