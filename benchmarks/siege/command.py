"""The command line of the siege: attacks a node in every way that is known, and says what the honest noticed."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from peerbus.node.logs import configure

from ..machine import ForeignLoad, machine
from .attack import Target
from .attacks import ATTACKS
from .law import Row
from .nodes import NETWORK, defend, honest_load
from .siege import lay_siege, processors
from .table import as_markdown, as_text

__all__ = ["main"]

_ABOUT = """\
Attack a node on 127.0.0.1 in every way that is known, one after the other, beside an honest load: four nodes that ask
it a hundred times a second, and two a second that come and go. The nodes run on one processor, the attackers on the
other. Exit status 1 where an attack was noticed more than docs/security.md allows. Other work on the machine counts
against the node: look at the processors that others kept busy.
"""
#: Seconds of each attack where none are given, and for a claim.
DEFAULT_SECONDS, FULL_SECONDS = 6.0, 20.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit status."""
    parser = argparse.ArgumentParser(
        "benchmarks siege", description=_ABOUT, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "--seconds", type=float, default=DEFAULT_SECONDS,
        help=f"how long each attack lasts (default: {DEFAULT_SECONDS:g}; for a claim: {FULL_SECONDS:g})",
    )  # fmt: skip
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="those whose name holds NAME")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write all figures there")
    parser.add_argument("--markdown", action="store_true", help="print the table as it stands in docs/security.md")
    parser.add_argument("--list", action="store_true", help="name the attacks")
    parser.add_argument("--role", choices=("defend", "honest", "attack"), help=argparse.SUPPRESS)
    parser.add_argument("--processor", type=int, help=argparse.SUPPRESS)
    parser.add_argument("words", nargs="*", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.role is not None:
        os.sched_setaffinity(0, {options.processor})
        return _play(options.role, options.words)
    chosen = [name for name in ATTACKS if not options.only or any(text in name for text in options.only)]
    if options.list or not chosen:
        width = max(map(len, ATTACKS))
        print("\n".join(f"{name:<{width}}  {attack.about}" for name, attack in ATTACKS.items()))
        return 0 if options.list else 2
    return _run(chosen, options)


def _play(role: str, words: list[str]) -> int:
    # As `peerbus run` tells of itself: what a stranger can make it tell is measured.
    configure("info" if role == "defend" else "error")
    match role:
        case "defend":
            asyncio.run(defend(words[0], Path(words[1])))
        case "honest":
            asyncio.run(honest_load(words[0], words[1]))
        case _:
            asyncio.run(_attack(words[0], words[1]))
    return 0


async def _attack(name: str, endpoint: str) -> None:
    """Attack until the process that started this one closes its standard input; then print what was counted."""
    target = Target.at(endpoint, NETWORK)
    task = asyncio.ensure_future(ATTACKS[name].run(target))
    print("attacking", flush=True)
    reading = asyncio.ensure_future(asyncio.to_thread(sys.stdin.read))
    await asyncio.wait([task, reading], return_when=asyncio.FIRST_COMPLETED)
    if task.done() and (error := task.exception()) is not None:
        raise error  # an attack that does not attack is not held
    await reading
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    print(json.dumps(target.facts), flush=True)


def _run(names: list[str], options: argparse.Namespace) -> int:
    rows: list[Row] = []
    nodes, attackers = processors()
    print(f"{len(names)} attacks; nodes on processor {nodes}, attackers on {attackers}", file=sys.stderr)
    for name in names:
        load = ForeignLoad()
        try:
            row = lay_siege(name, options.seconds)
        except (RuntimeError, OSError) as error:
            print(f"{name}: could not be measured: {error}", file=sys.stderr)
            return 2
        rows.append(row)
        facts = ", ".join(f"{number:,} {what}" for what, number in sorted(row.facts.items()))
        longest = f"longest callback {row.under.longest * 1e3:.1f} ms, {row.under.longest_of}"
        print(f"{name}: {facts}; {longest}; others kept {load.cores():.1f} processors busy", file=sys.stderr)
    print(as_markdown(rows) if options.markdown else as_text(rows), flush=True)
    if options.json is not None:
        found = {row.name: {**asdict(row), "broken": row.broken} for row in rows}
        everything = {"machine": machine(), "seconds": options.seconds, "attacks": found}
        options.json.write_text(json.dumps(everything, indent=1) + "\n", encoding="utf-8")
    broken = [row.name for row in rows if row.broken]
    print(f"\nnot held: {', '.join(broken)}" if broken else f"\nall {len(rows)} held", file=sys.stderr)
    return 1 if broken else 0
