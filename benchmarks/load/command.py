"""The command line of the load measurements: runs each in a fresh process, prints figures with their bounds."""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from peerbus.node.logs import configure

from ..machine import ForeignLoad, machine
from .fairness import fairness, flood
from .finding import Finding
from .head_of_line import head_of_line
from .overload import overload
from .process import COMMAND
from .receiver import serve
from .slow_receiver import slow_receiver

__all__ = ["main"]

_ABOUT = """\
Measure what the bus promises under load, between processes over TCP with TLS 1.3 on 127.0.0.1. Each line is a figure
and, where one was promised, its bound. Exit status 1 where a bound was not kept. Other work on the machine counts
against the bus: look at the processors that others kept busy.
"""
#: Seconds of each measurement where none are given, and of those that promise something about a minute.
DEFAULT_SECONDS, FULL_SECONDS = 5.0, 60.0
#: Seconds beyond its own that a measurement may take.
_GRACE = 180.0

Measurement = Callable[[float], Coroutine[Any, Any, list[Finding]]]


def _slow(pace: float, size: int) -> Measurement:
    return lambda seconds: slow_receiver(pace, size, seconds)


MEASUREMENTS: dict[str, Measurement] = {
    **{
        f"slow-{name}-{size >> 10}k": _slow(pace, size)
        for name, pace in (("100us", 0.0001), ("1ms", 0.001), ("20ms", 0.02))
        for size in (1 << 10, 64 << 10)
    },
    "head-of-line": head_of_line,
    "fairness": fairness,
    "overload": overload,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit status."""
    parser = argparse.ArgumentParser(
        "benchmarks load", description=_ABOUT, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "--seconds", type=float, default=DEFAULT_SECONDS,
        help=f"how long each measurement loads the bus (default: {DEFAULT_SECONDS:g}; in full: {FULL_SECONDS:g})",
    )  # fmt: skip
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="those whose name holds NAME")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write all figures there")
    parser.add_argument("--list", action="store_true", help="name the measurements")
    parser.add_argument("--measure", choices=sorted(MEASUREMENTS), help=argparse.SUPPRESS)
    parser.add_argument("--role", choices=("receiver", "flood"), help=argparse.SUPPRESS)
    parser.add_argument("endpoint", nargs="?", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    configure("error")  # dead letters by the thousand are what is measured here
    if options.role is not None:
        return _play(options.role, options.endpoint)
    if options.measure is not None:
        findings = asyncio.run(MEASUREMENTS[options.measure](options.seconds))
        print(json.dumps([asdict(finding) for finding in findings]))
        return 0
    chosen = [name for name in MEASUREMENTS if not options.only or any(text in name for text in options.only)]
    if options.list or not chosen:
        print("\n".join(MEASUREMENTS))
        return 0 if options.list else 2
    return _run(chosen, options.seconds, options.json)


def _play(role: str, endpoint: str | None) -> int:
    if role == "receiver":
        serve()
    else:
        assert endpoint is not None
        asyncio.run(_until_alone(partial(flood, endpoint)))
    return 0


async def _until_alone(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Work until the process that started this one goes away."""
    task = asyncio.ensure_future(work())
    await asyncio.to_thread(sys.stdin.read)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _run(names: list[str], seconds: float, path: Path | None) -> int:
    results: dict[str, list[Finding]] = {}
    broken = 0
    for name in names:
        load = ForeignLoad()
        done = subprocess.run(
            [*COMMAND, "--measure", name, "--seconds", str(seconds)],
            check=False, stdout=subprocess.PIPE, text=True, timeout=seconds * 3 + _GRACE, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        print(f"\n{name} ({seconds:g} s; others kept {load.cores():.1f} processors busy)", flush=True)
        if done.returncode:
            print(f"  it crashed, exit status {done.returncode}")
            broken += 1
            continue
        results[name] = [Finding(**finding) for finding in json.loads(done.stdout)]
        for finding in results[name]:
            verdict = {None: "", True: f"{finding.bound}  kept", False: f"{finding.bound}  BROKEN"}[finding.kept]
            print(f"  {finding.name:<42}{finding.value:>12,.6g} {finding.unit:<5}{verdict}")
            broken += finding.kept is False
    if path is not None:
        everything = {"machine": machine(), "seconds": seconds}
        figures = {name: [asdict(finding) for finding in found] for name, found in results.items()}
        path.write_text(json.dumps({**everything, "figures": figures}, indent=1) + "\n", encoding="utf-8")
    print(f"\n{broken} bounds broken" if broken else "\nall bounds kept")
    return 1 if broken else 0
