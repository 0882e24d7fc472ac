"""The command line of the benchmarks: runs, checks, publishes; also the door of each process that measures."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from peerbus.native import build_name

from . import campaign, regression
from .cases import CASES
from .comparison import Comparison
from .install import install
from .markdown import NoMarkers
from .native_rows import native_rows
from .products import PRODUCTS
from .publish import PUBLISHED, publish
from .report import bar_text
from .results import Results, WrongResults
from .rows import peer_rows, run_rows
from .run import SECONDS, Run, installed_loops

__all__ = ["main"]

#: Where runs keep their figures; not under version control.
_RESULTS = Path(__file__).resolve().parent / "results"

#: What each run compares.
_ROWS: dict[str, Callable[[], list[Comparison]]] = {"run": run_rows, "peers": peer_rows, "native": native_rows}

#: Commands with a command line of their own, each with the module of its `main`.
_COMMANDS = {
    "beside": "beside",
    "builds": "builds",
    "compression": "compression.command",
    "load": "load.command",
    "quic": "quic.command",
    "siege": "siege.command",
    "sim": "sim.command",
    "tuning": "tuning.command",
    "wan": "wan.command",
}

_ABOUT = """\
run      peerbus beside Pykka (one process), and beside what two processes can do without a bus (TCP on 127.0.0.1):
         about two minutes; --quick takes less than one and is for a look, --seconds 1 six and is for a claim
peers    peerbus beside pyzmq, zenoh-python, nats-py, grpc.aio, xoscar, casty and Erlang, then all behind a receiver
         that is slow: about a quarter of an hour; --quick takes five minutes; --seconds-slow 60 takes an hour more
native   the compiled build beside Pykka, the limits and the peers, with the targets of that build: six minutes, in its
         own environment
install  what `peers` measures, into this Python environment and by apt-get, as far as it can be had
check    BASE.json [NEW.json]: which ratios became worse
beside   COMMIT: that commit and this checkout in turns, figure by figure; see `beside --help`
publish  the figures into docs/performance.md, its picture and benchmarks/published
load     what is promised under load, each figure with its bound; see `load --help`
wan      long and thin links between two network namespaces, beside TCP alone; see `wan --help`
siege    attacks on a node beside an honest load, each with the bounds that it has to keep; see `siege --help`
sim      whole nodes in one process on virtual time, 10 to 1 000 of them; see `sim --help`
compression  of what the examples send, in each way: how much smaller, at what processor time; see `compression --help`
builds   the compiled build beside its sources, in processor time of a message; see `builds --help`
quic     does a library of QUIC carry the bus? Its newest release, in an environment of its own; see `quic --help`
tuning   what each setting of a channel does under load, on virtual time, drawn in docs/; see `tuning --help`

Every figure comes from a fresh process; tables go to stdout, progress to stderr. Read the ratios: absolute figures
belong to this machine and this hour.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says. Exit status: 1 where a case crashed or a ratio became worse, 2 for a mistake."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] and words[0] in _COMMANDS:
        return int(import_module(f".{_COMMANDS[words[0]]}", __package__).main(words[1:]))
    parser = _parser()
    options = parser.parse_args(words)
    match options.command:
        case "measure":
            print(json.dumps(dict(CASES[options.case].measure()(Run(options.loop, options.seconds)))))
            return 0
        case "serve":
            PRODUCTS[options.product].serve(Run(options.loop))
            return 0
        case "install":
            install(lambda text: print(text, file=sys.stderr))
            return 0
    try:
        match options.command:
            case "check":
                return _check(options.base, options.new)
            case "publish":
                publish(_RESULTS, sys.stdout.write)
                return 0
            case command:
                return _measure(parser, command, options)
    except (WrongResults, NoMarkers, OSError, ImportError) as error:
        print(error, file=sys.stderr)
        return 2


def _measure(parser: argparse.ArgumentParser, command: str, options: argparse.Namespace) -> int:
    if options.loop not in installed_loops():
        parser.error(f"--loop {options.loop}: it is not installed; pip install 'peerbus[fast]'")
    if command == "native" and build_name() != "native":
        parser.error("this is not the compiled build: make bench-native makes it")
    rows = [row for row in _ROWS[command]() if campaign.chosen(options.only, row.name, row.group, row.against)]
    plan = campaign.Plan.of(command, rows, options, _RESULTS / f"{command}.json")
    if not rows and not plan.slow_cases:
        parser.error(f"--only {' '.join(options.only)}: no such metric; --list shows them")
    if options.list:
        sys.stdout.write(_listing(rows))
        return 0
    return campaign.run(plan, rows)


def _check(base: Path, new: Path | None) -> int:
    before = Results.load(base)
    after = Results.load(new or _RESULTS / f"{before.command}.json")
    if before.command != after.command:
        raise WrongResults(f"{base} is a run of {before.command!r}, the other one of {after.command!r}")
    found = regression.changes(_ROWS[before.command](), before, after)
    sys.stdout.write(regression.as_text(found) + "\n")
    return 1 if any(change.verdict is regression.Verdict.WORSE for change in found) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("benchmarks", description=_ABOUT, formatter_class=argparse.RawTextHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run, peers, native = (commands.add_parser(name) for name in _ROWS)
    for command in (run, peers, native):
        command.add_argument("--quick", action="store_true", help="three short rounds: for a look, not for a claim")
        command.add_argument("--rounds", type=_positive, metavar="N", help="interleaved rounds (default: 5)")
        command.add_argument(
            "--seconds", type=float, metavar="S", help="of each measurement (default: 0.2, peers and native: 0.5)"
        )
        command.add_argument(
            "--only", action="append", default=[], metavar="NAME",
            help="only rows, or slow receivers, in whose names NAME is (or that match it: 'one-way*'); repeatable",
        )  # fmt: skip
        command.add_argument(
            "--loop", choices=("asyncio", "uvloop"), default=installed_loops()[0],
            help="the event loop of all sides (default: %(default)s)",
        )  # fmt: skip
        command.add_argument("--json", type=Path, metavar="PATH", help="where the figures go (default: results/)")
        command.add_argument("--resume", action="store_true", help="go on with the run that was interrupted")
        command.add_argument("--list", action="store_true", help="say what would be compared")
    peers.add_argument("--seconds-slow", type=float, metavar="S", help="how long a receiver is slow (default: 5)")
    peers.add_argument("--rounds-slow", type=int, default=1, metavar="N", help="rounds behind a slow receiver, or 0")
    check = commands.add_parser("check")
    check.add_argument("base", type=Path, nargs="?", default=PUBLISHED / "run.json", metavar="BASE.json")
    check.add_argument("new", type=Path, nargs="?", metavar="NEW.json")
    commands.add_parser("publish")
    commands.add_parser("install")
    measure = commands.add_parser("measure")
    measure.add_argument("case", choices=sorted(CASES), metavar="CASE")
    serve = commands.add_parser("serve")
    serve.add_argument("product", choices=sorted(PRODUCTS), metavar="PRODUCT")
    for command in (measure, serve):
        command.add_argument("--loop", default=installed_loops()[0])
        command.add_argument("--seconds", type=float, default=SECONDS)
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"at least 1, not {number}")
    return number


def _listing(rows: Sequence[Comparison]) -> str:
    lines = ["cases, each a process of its own:"]
    names = dict.fromkeys(case for row in rows for case in row.cases)
    width = max(map(len, names))
    lines += [f"  {name:<{width}}  {CASES[name].about}" for name in names]
    group = ""
    for row in rows:
        if row.group != group:
            group = row.group
            lines += ["", group]
        target = "" if row.bar is None else f", target {bar_text(row)}"
        lines.append(f"  {row.name:<36}against {row.against}{target}")
    return "\n".join(lines) + "\n"
