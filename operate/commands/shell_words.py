"""What can be written after `peerbus`, as shells are told of it: words, flags, and what a value may be."""

from __future__ import annotations

import argparse
import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from .catalogue import COMMANDS

__all__ = ["ShellFlag", "ShellWord", "ValueKind", "all_words", "words_of"]


class ValueKind(enum.StrEnum):
    """What stands behind a flag, or where no flag stands."""

    NOTHING = "nothing"
    ANYTHING = "anything"
    CHOICES = "choices"
    FILES = "files"
    #: The name of a running node, or the path of its socket or configuration.
    NODES = "nodes"


@dataclass(frozen=True, slots=True)
class ShellFlag:
    """One flag, by all its names."""

    names: tuple[str, ...]
    text: str
    takes: ValueKind
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ShellWord:
    """A command, or a word of one. `path` is the way there, `("schema", "show")`; `takes`: where no flag stands."""

    path: tuple[str, ...]
    text: str
    flags: tuple[ShellFlag, ...]
    takes: ValueKind
    choices: tuple[str, ...]

    def inside(self, words: tuple[ShellWord, ...]) -> tuple[ShellWord, ...]:
        """The words that may follow it."""
        return tuple(word for word in words if word.path[:-1] == self.path)


def all_words() -> tuple[ShellWord, ...]:
    """Every command with what it takes."""
    found: list[ShellWord] = []
    for entry in COMMANDS:
        parser = argparse.ArgumentParser(prog=f"peerbus {entry.name}")
        entry.load().add_arguments(parser)
        found += words_of(parser, (entry.name,), entry.text)
    return tuple(found)


def words_of(parser: argparse.ArgumentParser, path: tuple[str, ...], text: str) -> Iterator[ShellWord]:
    """A command and its words, as its parser has them."""
    flags: list[ShellFlag] = []
    takes, choices = ValueKind.NOTHING, list[str]()
    words: dict[str, argparse.ArgumentParser] = {}
    texts: dict[str, str] = {}
    for action in parser._actions:  # argparse shows them nowhere else
        kind = _kind_of(action)
        if action.option_strings:
            said = parser._get_formatter()._expand_help(action) if action.help else ""
            flags.append(ShellFlag(tuple(action.option_strings), said, kind, _choices(action)))
        elif isinstance(action, argparse._SubParsersAction):
            words = dict(action.choices or {})
            texts = {each.dest: each.help or "" for each in action._choices_actions}
        elif kind is not ValueKind.ANYTHING and takes in (ValueKind.NOTHING, kind):
            takes = kind
            choices += _choices(action)
    yield ShellWord(path, text, tuple(flags), takes, tuple(choices))
    for name, inner in words.items():
        yield from words_of(inner, (*path, name), texts.get(name, ""))


def _kind_of(action: argparse.Action) -> ValueKind:
    if action.nargs == 0:
        return ValueKind.NOTHING
    if action.choices is not None:
        return ValueKind.CHOICES
    if action.metavar == "NODE":
        return ValueKind.NODES
    return ValueKind.FILES if action.type is Path or action.metavar in ("SOURCE", "OLD", "NEW") else ValueKind.ANYTHING


def _choices(action: argparse.Action) -> tuple[str, ...]:
    return () if action.choices is None or isinstance(action.choices, Mapping) else tuple(map(str, action.choices))
