"""`python benchmarks quic NAME`: tries every requirement of a carrier on a library, in an environment of its own."""

from __future__ import annotations

import argparse
import asyncio
import importlib.metadata
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from .candidates import CANDIDATES, make_candidate
from .environment import NotInstalled, environment, newest, python_for, wheels
from .verdict import Verdict, table

__all__ = ["main"]

_ABOUT = """\
Does a library of QUIC carry the bus? Installs its newest release into a new environment, tries each requirement there,
and prints a line for each: held or not, with the figure. Speeds are of turns with the bus's own TCP and TLS on this
machine, and depend on what else it does; read the ratios. About two minutes.

NAME: {names}

Exit status: 0 where all are held, 1 where some are not, 2 where the library cannot be had, or for a mistake.
"""
_DOOR = Path(__file__).resolve().parents[1]


def main(arguments: Sequence[str]) -> int:
    """Do what the command line says; returns the exit status."""
    parser = argparse.ArgumentParser(
        "benchmarks quic",
        description=_ABOUT.format(names=", ".join(sorted(CANDIDATES))),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", choices=sorted(CANDIDATES), metavar="NAME")
    parser.add_argument("--release", metavar="VERSION", help="this release, and not the newest")
    parser.add_argument("--mended", action="store_true", help="iroh with its copying mended, by no public interface")
    parser.add_argument("--here", action="store_true", help="in this environment, which has the library already")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.mended:
        os.environ["PEERBUS_QUIC_MENDED"] = "1"
    if options.serve:
        return _serve(options.name)
    if options.here:
        return _try_here(options.name)
    requirement = "" if options.name == "tcp" else options.name
    if requirement and options.release:
        requirement += f"=={options.release}"
    found = wheels(requirement) if requirement else {}
    verdict = _wheels(found) if found else Verdict("wheels", True, "it needs none")
    print(f"{table([verdict])}", flush=True)
    try:
        with environment(requirement, python_for(found)) as python:
            done = subprocess.run([python, str(_DOOR), "quic", options.name, "--here"], check=False)
    except NotInstalled as error:
        print(f"it cannot be tried here: {error}", file=sys.stderr)
        return 2
    return max(done.returncode, 0 if verdict.held else 1)


def _wheels(found: dict[str, str]) -> Verdict:
    """Whether the newest release has a wheel for each Python."""
    release = newest(found)
    lacks = [f"{python} ({older or 'no release has'})" for python, older in found.items() if older != release]
    figure = f"{release} has none for {'; '.join(lacks)}" if lacks else f"{release} has one for each"
    return Verdict(f"wheels for {', '.join(found)}", bool(release) and not lacks, figure if release else "none at all")


def _serve(name: str) -> int:
    from .speeds import serve_for_ever

    asyncio.run(serve_for_ever(name))
    return 0


def _try_here(name: str) -> int:
    from .contract import contract
    from .speeds import speeds
    from .trials import TRIALS, tried

    try:
        make = make_candidate(name)
    except ImportError as error:
        print(f"{name} is not installed here: {error}", file=sys.stderr)
        return 2
    verdicts: list[Verdict] = []

    def tell(*some: Verdict) -> None:
        verdicts.extend(some)
        print(table(some), flush=True)

    for requirement, trial in TRIALS.items():
        tell(asyncio.run(tried(trial, make, requirement)))
    tell(*speeds(name))
    tell(contract(name, asyncio.new_event_loop))
    candidate = make()
    version = importlib.metadata.version(candidate.packages[0] if candidate.packages else "peerbus")
    held = sum(verdict.held for verdict in verdicts)
    python = ".".join(map(str, sys.version_info[:3]))
    remark = f", {candidate.remark}" if candidate.remark else ""
    print(f"{name} {version} on Python {python}{remark}: {held} of {len(verdicts)} held")
    return 0 if held == len(verdicts) else 1
