"""What shells are told of is what the parsers take: every command, word, flag and choice."""

from __future__ import annotations

from peerbus.operate.commands import COMMANDS
from peerbus.operate.commands.shell_words import ShellFlag, ShellWord, ValueKind, all_words

WORDS = {word.path: word for word in all_words()}


def flag(word: ShellWord, name: str) -> ShellFlag:
    return next(each for each in word.flags if name in each.names)


def test_every_command_is_there_in_the_order_of_the_help() -> None:
    assert [path[0] for path in WORDS if len(path) == 1] == [entry.name for entry in COMMANDS]


def test_words_of_a_command_stand_inside_it() -> None:
    schema = WORDS["schema",]
    assert [word.path[-1] for word in schema.inside(tuple(WORDS.values()))] == ["show", "diff", "check"]
    assert WORDS["schema", "show"].takes is ValueKind.FILES
    assert WORDS["schema", "show"].text


def test_a_flag_is_told_with_what_it_takes() -> None:
    run = WORDS["run",]
    assert flag(run, "--log-level").choices == ("debug", "info", "warning", "error")
    assert flag(run, "--log-level").takes is ValueKind.CHOICES
    assert flag(run, "--check").takes is ValueKind.NOTHING
    assert flag(WORDS["status",], "--node").takes is ValueKind.NODES
    assert flag(WORDS["status",], "--token").takes is ValueKind.FILES
    assert flag(WORDS["ban",], "--for").takes is ValueKind.ANYTHING
    assert flag(WORDS["events",], "-f").names == ("-f", "--follow")


def test_what_stands_alone_is_told_too() -> None:
    assert WORDS["run",].takes is ValueKind.FILES
    assert (WORDS["log",].takes, WORDS["log",].choices) == (ValueKind.CHOICES, ("debug", "info", "warning", "error"))
    assert WORDS["undrain",].takes is ValueKind.NOTHING


def test_help_is_told_as_it_is_shown() -> None:
    assert all("%(" not in flag.text for word in WORDS.values() for flag in word.flags)
