"""The command line, `peerbus`: run a node, see into one that runs, steer it, and send through it."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NoReturn

from .. import __version__
from ..actors.base import (
    ConfigError,
    PeerbusError,
    SendError,
    TransportError,
    did_you_mean,
    help_of,
    printable,
)
from ..native import build_name
from ..node.process_signals import ProcessSignals, Signalled
from .commands import COMMANDS, CommandEntry, HelpText, command_called
from .output import spell_out

__all__ = ["FAILED", "MISUSED", "main"]

#: Exit statuses: what went wrong while running, what the user wrote wrongly, and Ctrl-C (128 and SIGINT's number).
FAILED, MISUSED, INTERRUPTED = 1, 2, 130

_EXAMPLES = """\
examples:
  peerbus demo                       four nodes find each other and sync a file
  peerbus keygen keys/alice.pem      make a node's identity and print its id
  peerbus run alice.toml --check     say what is wrong with a configuration
  peerbus run alice.toml             run the node until Ctrl-C
  peerbus status                     how the node fares that runs here
  peerbus events -f                  what happens on it
  peerbus ban 10.1.0.0/16 --for 10m  have nothing to do with a network
  peerbus ask 'bus://role:archive/blocks' GetBlock '{"height": 7}'
  peerbus ping tcp://10.0.0.2:7400   see whether a node answers there
  peerbus schema check OLD NEW       whether nodes can be upgraded one by one
  peerbus run alice.toml --set peers.max_connected=8
  PEERBUS_PEERS__MAX_CONNECTED=8 peerbus run alice.toml

a configuration, alice.toml:
  name = "alice"
  network = "demo"
  identity = "keys/alice.pem"
  listen = ["tcp://0.0.0.0:7400"]
  offers = ["archive"]
  reactors = ["blocks:Blocks"]       # class Blocks in blocks.py beside this file

every key: peerbus explain configuration; an error: peerbus explain NoRoute; a running node: peerbus explain operate;
a command: peerbus help COMMAND.

Exit status: 0 well, 1 failed, 2 bad flag or configuration, 130 Ctrl-C, 141 nobody reads the output.
"""

#: A word that is none of a few, as argparse says it; its Pythons write the few with quotes or without.
_CHOICE = re.compile(r"invalid choice: '(?P<word>[^']*)'( \(choose from (?P<known>.*)\))")
_WORD = re.compile(r"[\w.-]+")


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, with the command that explains."""

    def error(self, message: str) -> NoReturn:
        chosen = _CHOICE.search(message)
        if chosen is not None:
            meant = did_you_mean(chosen["word"], _WORD.findall(chosen["known"]))
            message = f"{message[: chosen.start(2)]}{meant}{message[chosen.start(2) :]}"
        self.exit(MISUSED, f"{self.prog}: {message} (see {self.prog} --help)\n")


def main(arguments: Sequence[str] | None = None, *, signals: ProcessSignals | None = None) -> int:
    """Run the command line; return the exit status. `signals`: have heard them until now.

    Raises: SystemExit from flags, as argparse does.
    """
    spell_out(sys.stdout, sys.stderr)
    words = _helped(list(sys.argv[1:] if arguments is None else arguments))
    called = command_called(words[0]) if words else None
    # That of each other command takes half a millisecond, and is not asked.
    parser, commands = _parser(COMMANDS if called is None else (called,))
    if words and called is None and not words[0].startswith("-"):
        flag = f"--{words[0]}"  # one that stands alone
        meant = f"; did you mean {flag!r}?" if flag in ("--help", "--version") else ""
        meant = meant or did_you_mean(words[0], [entry.name for entry in COMMANDS])
        parser.error(f"argument COMMAND: invalid choice: {words[0]!r}{meant}")
    try:
        if called is not None:
            body = called.load()
            body.add_arguments(commands[called.name])
            commands[called.name].set_defaults(command=body.run)
        options, unknown = parser.parse_known_args(words)
        if unknown:
            options.parser.error(f"unrecognized arguments: {' '.join(unknown)}{_flag_meant(unknown, options.parser)}")
        if options.command is None:
            parser.print_help(sys.stderr)
            return MISUSED
        options.signals = signals
        if signals is not None:
            signals.check()
        status: int = options.command(options)
    except ConfigError as error:
        print(f"{_prog(called)}: {_one_line(error)}", file=sys.stderr)
        return MISUSED
    except PeerbusError as error:
        # What a node met; what is wrong with a command or a configuration is said whole.
        where = f" (see {help_of(error)})" if isinstance(error, TransportError | SendError) else ""
        print(f"{_prog(called)}: {_one_line(error)}{where}", file=sys.stderr)
        return FAILED
    except Signalled as told:
        return told.status
    except KeyboardInterrupt:
        return INTERRUPTED
    return status


def _helped(words: list[str]) -> list[str]:
    """`help` is `--help`, of a command that command's, and of anything else what `explain` says of it."""
    if words[:1] != ["help"]:
        return words
    about = [word for word in words[1:] if not word.startswith("-")]
    return ["explain", *about] if about and command_called(about[0]) is None else [*about[:1], "--help"]


def _parser(entries: Iterable[CommandEntry]) -> tuple[_Parser, dict[str, argparse.ArgumentParser]]:
    parser = _Parser(
        prog="peerbus",
        usage="peerbus [--help] [--version] COMMAND …",
        description=f"A message bus made of actors: nodes that find each other and talk by role.\n\n{_listed()}",
        epilog=_EXAMPLES,
        formatter_class=HelpText,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"peerbus {__version__} ({build_name()})")
    parser.set_defaults(command=None, parser=parser)
    commands = parser.add_subparsers(metavar="COMMAND", help=argparse.SUPPRESS, prog="peerbus")
    made: dict[str, argparse.ArgumentParser] = {}
    for entry in entries:
        made[entry.name] = each = commands.add_parser(
            entry.name,
            description=f"{entry.text[0].upper()}{entry.text[1:]}.",
            formatter_class=HelpText,
            allow_abbrev=False,
        )
        each.set_defaults(prog=f"peerbus {entry.name}", parser=each)
    return parser, made


def _listed() -> str:
    """All commands, by what they are for."""
    width = max(len(entry.name) for entry in COMMANDS)
    groups = [
        f"{group}:\n" + "".join(f"  {entry.name:<{width}}  {entry.text}\n" for entry in entries)
        for group, entries in groupby(COMMANDS, key=lambda entry: entry.group)
    ]
    return "\n".join(groups)


def _flag_meant(unknown: Sequence[str], parser: argparse.ArgumentParser) -> str:
    flags = [flag for action in parser._actions for flag in action.option_strings]  # argparse shows them nowhere else
    for word in unknown:
        meant = did_you_mean(word.partition("=")[0], flags) if word.startswith("-") else ""
        if meant:
            return meant
    return ""


def _prog(called: CommandEntry | None) -> str:
    return "peerbus" if called is None else f"peerbus {called.name}"


def _one_line(error: Exception) -> str:
    # What a node, or whoever answers in its place, says of a failure is text from elsewhere.
    return printable(" ".join(str(error).split()))
