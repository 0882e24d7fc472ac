"""docs/cli.md: each command of `peerbus`, what it takes and shows, as its parser says."""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from peerbus.operate.cli import FAILED, MISUSED
from peerbus.operate.commands.catalogue import COMMANDS, CommandEntry

__all__ = ["PAGE", "current_page"]

PAGE = Path(__file__).resolve().parents[1] / "docs" / "cli.md"
_HEAD = f"""\
# Command line

Each command of `peerbus`, as `peerbus COMMAND --help` tells it. This page is written by `make generate`.

Commands that see into a node and steer it find the node that runs on this machine by themselves; where several run,
`--node` names one ([operate.md](operate.md)). Errors are one line on standard error, and [errors.md](errors.md) says
what to do about each. Exit status: 0 well, {FAILED} failed, {MISUSED} a flag or a configuration is wrong, 130 Ctrl-C,
141 nobody reads the output.

`source <(peerbus completion bash)` completes all of it, for zsh and fish too.
"""


def current_page() -> str:
    """The page as the code has it."""
    parts = [_HEAD]
    for group, entries in groupby(COMMANDS, key=lambda entry: entry.group):
        inside = list(entries)
        rows = "".join(f"| [`{each.name}`](#peerbus-{each.name}) | {each.text} |\n" for each in inside)
        parts.append(f"## {group[0].upper()}{group[1:]}\n\n| command | what it does |\n| --- | --- |\n{rows}")
        parts += [section for each in inside for section in _sections(each)]
    return "\n".join(parts)


def _sections(entry: CommandEntry) -> Iterator[str]:
    parser = argparse.ArgumentParser(
        prog=f"peerbus {entry.name}", formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    entry.load().add_arguments(parser)
    verbs = [each for action in parser._actions for each in _verbs(action)]
    text = f"### peerbus {entry.name}\n\n{entry.text[0].upper()}{entry.text[1:]}.\n\n{_usage(parser)}\n"
    yield text + _table(parser) + ("" if verbs else _more(parser))
    for number, (verb, about, inner) in enumerate(verbs):
        last = number == len(verbs) - 1
        yield f"#### peerbus {entry.name} {verb}\n\n{about[0].upper()}{about[1:]}.\n\n{_usage(inner)}"
        yield f"{_table(inner)}{_more(inner)}"
        if last:
            yield _more(parser)


def _verbs(action: argparse.Action) -> Iterator[tuple[str, str, argparse.ArgumentParser]]:
    if isinstance(action, argparse._SubParsersAction):
        abouts = {each.dest: each.help or "" for each in action._choices_actions}
        for name, parser in action.choices.items():
            yield name, abouts.get(name, ""), parser


def _usage(parser: argparse.ArgumentParser) -> str:
    """Made here, as argparse writes it differently from one Python to the next."""
    words = [parser.prog]
    for action in parser._actions:
        if action.help == argparse.SUPPRESS or action.dest == "help":
            continue
        if isinstance(action, argparse._SubParsersAction):
            words.append("VERB …")
        elif action.option_strings:
            option = _option(action, action.option_strings[-1])
            words.append(option if action.required else f"[{option}]")
        else:
            name = str(action.metavar or action.dest.upper())
            many = f"{name} …" if action.nargs in ("*", "+", argparse.REMAINDER) else name
            words.append(f"[{many}]" if action.nargs in ("?", "*", argparse.REMAINDER) else many)
    lines = textwrap.wrap(" ".join(words), 118, subsequent_indent="    ", break_on_hyphens=False)
    return "\n".join(["```text", *lines, "```", ""])


def _table(parser: argparse.ArgumentParser) -> str:
    rows = [
        f"| {_named(action)} | {_said(parser, action)} |\n"
        for action in parser._actions
        if action.help != argparse.SUPPRESS
        and action.dest != "help"
        and not isinstance(action, argparse._SubParsersAction)
    ]
    return "\n| argument | what it is |\n| --- | --- |\n" + "".join(rows) if rows else ""


def _named(action: argparse.Action) -> str:
    if not action.option_strings:
        return f"`{action.metavar or action.dest.upper()}`"
    return ", ".join(f"`{_option(action, option)}`" for option in action.option_strings).replace("|", r"\|")


def _option(action: argparse.Action, option: str) -> str:
    if action.nargs == 0:
        return option
    choices = f"{{{','.join(map(str, action.choices))}}}" if action.choices else action.dest.upper()
    return f"{option} {action.metavar or choices}"


def _said(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    text = parser._get_formatter()._expand_help(action) if action.help else ""
    return re.sub(r"\s+", " ", text).replace("|", r"\|")


def _more(parser: argparse.ArgumentParser) -> str:
    """What stands below the flags: examples, and what there is to know."""
    return f"\n```text\n{parser.epilog.strip()}\n```\n" if parser.epilog else ""
