"""`peerbus schema`: what the messages of a program look like to peers, and whether a new one understands an old one."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from typing import Any

from ...node.schema import descriptions_of, written
from ...transports.schema import (
    Change,
    Description,
    Trouble,
    changes,
    hash_of,
    spelled_fields,
    troubles,
    write_description,
)
from .help_text import HelpText
from .terminal import Terminal

__all__ = ["add_arguments", "run"]

#: Exit status of `check` where old and new do not understand each other.
TROUBLE = 1
_SOURCE = """\
A source is a reactor or a channel, module:Name, looked for in the working directory and among the installed packages;
a configuration, alice.toml, with all its channels; or a file, schema.json, that `show --json` has printed.
"""
_EPILOG = f"""\
{_SOURCE}
examples:
  peerbus schema show blocks:Blocks --json > schema.json     keep it beside the release
  peerbus schema diff schema.json blocks:Blocks              what has changed since
  peerbus schema check schema.json blocks:Blocks             for CI: can nodes be upgraded one by one?

What may change, and how to roll it out: peerbus explain evolving.

Exit status: 0 well, 1 `check` found that something is not understood, 2 bad flag or source.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words and flags of `peerbus schema`."""
    parser.epilog = _EPILOG
    verbs = parser.add_subparsers(title="what to do", metavar="VERB", required=True, dest="verb")

    def verb(name: str, text: str) -> argparse.ArgumentParser:
        made = verbs.add_parser(
            name,
            help=text,
            description=f"{text[0].upper()}{text[1:]}.",
            epilog=_SOURCE,
            formatter_class=HelpText,
            allow_abbrev=False,
        )
        made.set_defaults(prog=f"peerbus schema {name}", parser=made)
        return made

    show = verb("show", "print what the messages look like to peers, and the hash of each channel")
    show.add_argument("sources", metavar="SOURCE", nargs="+", help="module:Name, a .toml, or a .json")
    diff = verb("diff", "print what has changed, and what of it is not understood")
    check = verb("check", "say whether old and new nodes understand each other, by the exit status too")
    for each in (diff, check):
        each.add_argument("old", metavar="OLD", help="what runs now")
        each.add_argument("new", metavar="NEW", help="what is to take its place")
    check.add_argument(
        "--only",
        choices=("forward", "backward"),
        help="forward: what old nodes send, new ones understand; backward: the other way (a roll-out needs both)",
    )
    for each in (show, diff, check):
        each.add_argument("--json", action="store_true", help="one JSON object in place of text")


def run(options: argparse.Namespace) -> int:
    """Do what the words ask for, and say it; return the exit status. Raises: ConfigError for what is no source."""
    say = Terminal().say
    if options.verb == "show":
        return _show(options, say)
    old, new = descriptions_of(options.old), descriptions_of(options.new)
    only = getattr(options, "only", None)
    report = [_compared(name, old.get(name), new.get(name), only) for name in sorted(old.keys() | new.keys())]
    bad = any(channel.troubles for channel in report)
    if options.json:
        channels = {channel.name: channel.as_json() for channel in report}
        say(_json({"compatible": not bad, "channels": channels}))
    else:
        lines = [line for channel in report for line in channel.text(everything=options.verb == "diff")]
        if options.verb == "check":
            lines.append(
                "not understood: see above, and peerbus explain evolving"
                if bad
                else "old and new understand each other"
            )
        if lines:
            say("\n".join(lines))
    return TROUBLE if bad and options.verb == "check" else 0


def _show(options: argparse.Namespace, say: Callable[..., None]) -> int:
    found: dict[str, Description] = {}
    for source in options.sources:
        found |= descriptions_of(source)
    if options.json:
        say(_json(written(found)))
        return 0
    for name, description in sorted(found.items()):
        say("\n  ".join([f"channel {name}  {_hash(description)}", *spelled_fields(description)]))
    return 0


class _ChannelReport:
    def __init__(self, name: str, old: Description | None, new: Description | None) -> None:
        self.name = name
        self.hashes = [None if each is None else _hash(each) for each in (old, new)]
        self.changes: list[Change] = []
        self.troubles: list[Trouble] = []

    def as_json(self) -> dict[str, Any]:
        return {
            "old": self.hashes[0],
            "new": self.hashes[1],
            "changes": [{"kind": each.kind, "what": each.what, "text": each.text} for each in self.changes],
            "troubles": [
                {"message": each.message, "direction": "forward" if each.forward else "backward", "text": each.text}
                for each in self.troubles
            ],
        }

    def text(self, *, everything: bool) -> list[str]:
        lines = [f"  {line}" for line in self._lines(everything=everything)]
        return [f"channel {self.name}", *lines] if lines else []

    def _lines(self, *, everything: bool) -> Iterator[str]:
        if everything:
            yield from map(str, self.changes) if self.changes else ("the same",)
        yield from (f"! {each}" for each in self.troubles)


def _compared(name: str, old: Description | None, new: Description | None, only: str | None) -> _ChannelReport:
    report = _ChannelReport(name, old, new)
    if old is not None and new is not None:
        report.changes = changes(old, new)
        report.troubles = troubles(old, new)
    elif new is None:
        report.changes = [Change("-", f"channel {name}", "")]
        report.troubles = [Trouble(name, True, "the channel is gone, and old nodes still send to it")]
    else:
        report.changes = [Change("+", f"channel {name}", "")]
    if only is not None:
        report.troubles = [each for each in report.troubles if each.forward == (only == "forward")]
    return report


def _hash(description: Description) -> str:
    return hash_of(write_description(description)).hex()


def _json(content: object) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False)
