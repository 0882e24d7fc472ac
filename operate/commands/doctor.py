"""`peerbus doctor`: look at what usually goes wrong, and say of each thing how it is and what to do."""

from __future__ import annotations

import argparse
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...actors.base import printable
from ..doctor import Diagnosis, Health, Wanted, examine, worst
from .node_command import until_signalled
from .settings import settings_said
from .terminal import Colour, Terminal
from .units import seconds_in

__all__ = ["add_arguments", "lines_of", "run"]

#: Columns of the verdict.
_INDENT = 9
_COLOURS = {Health.OK: Colour.GOOD, Health.WARNING: Colour.NOTABLE, Health.FAILED: Colour.BAD}
_EPILOG = """\
It reads the configuration as `peerbus run --check` does, and looks at the modes of the key and the book, at the places
to listen at, at names and answers of peers and seeds, at the limit of open files, and listens for other nodes by
multicast DNS on each interface. Of a node that runs it tells the offset of its clock against its peers', requirements
that are not met, paths that drop large packets, and dials and connections that were refused, by reason. Nothing is
changed, and no node is joined. Without CONFIG.toml it looks at the machine and the node that runs here.

examples:
  peerbus doctor alice.toml
  peerbus doctor alice.toml --json | jq '.diagnoses[] | select(.verdict != "ok")'
  peerbus doctor --node alice

exit status: 0 nothing has failed (there may be warnings), 1 something has, 2 wrong flag, 130 Ctrl-C
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `peerbus doctor`."""
    parser.epilog = _EPILOG
    add = parser.add_argument
    add("config", metavar="CONFIG.toml", type=Path, nargs="?", help="the configuration of a node, running or not")
    add("--set", metavar="KEY=VALUE", action="append", default=[], help="stands above the file, as of `peerbus run`")
    add("--node", metavar="NODE", help="the node that runs: its name, its socket, or a URL (default: found by itself)")
    add("--token", metavar="FILE", type=Path, help="the file of the token that the node's URL asks for")
    add("--authority", metavar="FILE", type=Path, help="certificates that https is checked against")
    add("--listen", metavar="TIME", default="2.5", help="how long to listen for multicast (default: %(default)s)")
    add("--json", action="store_true", help='one JSON object: {"verdict", "diagnoses": [{"about", "verdict", …}]}')


def run(options: argparse.Namespace) -> int:
    """Examine, and say what was found; return the exit status. Raises ConfigError for wrong flags."""
    overrides = settings_said(options) if options.config is not None else []
    wanted = Wanted(
        config=options.config,
        overrides=overrides,
        node=options.node,
        token=options.token,
        authority=options.authority,
        listen=seconds_in("--listen", options.listen),
    )
    return until_signalled(_examine(wanted, options.json), options.signals)


async def _examine(wanted: Wanted, json: bool) -> int:
    found, terminal = await examine(wanted), Terminal()
    if json:
        terminal.say_json({"verdict": worst(found), "diagnoses": found})
    else:
        terminal.say(*lines_of(found, terminal))
    return 1 if worst(found) is Health.FAILED else 0


def lines_of(diagnoses: Sequence[Diagnosis], terminal: Terminal) -> Iterator[str]:
    """A line for each, what to do below it, and how many there are."""
    for each in diagnoses:
        word = terminal.paint(each.verdict.value, _COLOURS[each.verdict]) + " " * (_INDENT - len(each.verdict))
        yield from _wrapped(word, f"{each.about}: {each.text}", terminal)
        if each.advice:
            yield from _wrapped(" " * _INDENT, f"→ {each.advice}", terminal)
    counts = Counter(each.verdict for each in diagnoses)
    bad, odd = counts[Health.FAILED], counts[Health.WARNING]
    if bad or odd:
        yield f"{len(diagnoses)} looked at: {bad} failed, {odd} warning{'' if odd == 1 else 's'}"
    else:
        yield f"all is well: {len(diagnoses)} looked at"


def _wrapped(first: str, text: str, terminal: Terminal) -> Iterator[str]:
    """The text behind `first`, in as many lines as it takes."""
    text = printable(text)
    if terminal.columns is None:
        yield first + text
        return
    lines = textwrap.wrap(text, terminal.columns - _INDENT, break_on_hyphens=False)
    for number, line in enumerate(lines):
        yield f"{' ' * _INDENT if number else first}{line}"
