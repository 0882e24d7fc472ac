"""The command line of the measurements of long and thin links, and the door of their processes."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from peerbus.node.logs import configure

from ..load.finding import Finding
from .hosts import MTU, NoHosts, hosts
from .rows import ROWS
from .switch import STRAIGHT
from .switch import run as switch

__all__ = ["main"]

_ABOUT = """\
Measure what goes over long and thin links: between two hosts (network namespaces) with a switch in user space between
them, over TCP with TLS 1.3, beside TCP alone and beside a channel whose window never binds. Needs root. Exit status 1
where a bound was not kept. The switch and both nodes share this machine's processors, so read the ratios.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit status."""
    parser = argparse.ArgumentParser(
        "benchmarks wan", description=_ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=4.0, help="of each figure, after 30 round trips (default: 4)")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="rows whose name holds NAME")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write all figures there")
    parser.add_argument("--list", action="store_true", help="name the rows")
    parser.add_argument("--role", choices=("switch", "receiver", "sender"), help=argparse.SUPPRESS)
    parser.add_argument("--prefix", help=argparse.SUPPRESS)
    parser.add_argument("words", nargs="*", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.role is not None:
        return _play(options.role, options.prefix, options.words)
    chosen = [row for row in ROWS if not options.only or any(text in row for text in options.only)]
    if options.list or not chosen:
        print("\n".join(ROWS))
        return 0 if options.list else 2
    try:
        findings = list(_measure(chosen, options.seconds))
    except NoHosts as error:
        print(f"no hosts: {error}", file=sys.stderr)
        return 2
    if options.json is not None:
        options.json.write_text(json.dumps([asdict(finding) for finding in findings], indent=1) + "\n", "utf-8")
    broken = sum(finding.kept is False for finding in findings)
    print(f"\n{broken} bounds broken" if broken else "\nall bounds kept")
    return 1 if broken else 0


def _play(role: str, prefix: str, words: list[str]) -> int:
    configure("error")
    match role:
        case "switch":
            switch(2, prefix, MTU)
        case "receiver":
            from .receiver import serve

            serve(words[0], float(words[1]), int(words[2]))
        case _:
            from .sender import measure

            what, endpoint, port, *numbers = words
            size, warm, seconds, heartbeat = map(float, numbers)
            found = asyncio.run(measure(what, endpoint, int(port), int(size), warm, seconds, heartbeat))
            print(json.dumps(found), flush=True)
    return 0


def _measure(rows: list[str], seconds: float) -> Iterator[Finding]:
    with hosts() as net:
        for row in rows:
            net.both_ways(**STRAIGHT)
            for finding in ROWS[row](net, seconds):
                print(_words(finding), flush=True)
                yield finding


def _words(finding: Finding) -> str:
    verdict = {None: "", True: f"  {finding.bound}  kept", False: f"  {finding.bound}  BROKEN"}[finding.kept]
    figure = f"{finding.value:,.0f}" if finding.value >= 1000 else f"{finding.value:.3f}"
    return f"{finding.name:<60}{figure:>12} {finding.unit:<4}{verdict}".rstrip()
