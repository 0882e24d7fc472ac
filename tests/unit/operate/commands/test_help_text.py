"""Help fits the terminal: prose flows, what is copied stays whole."""

from __future__ import annotations

import argparse

import pytest
from command_line import run

from peerbus.operate.commands import COMMANDS, HelpText

TEXT = """\
This is a paragraph of prose that was written in long lines, and goes on in a second one
that is short.

examples:
  peerbus run alice.toml --set network.name=production
  peerbus ban 10.1.0.0/16      have nothing to do with this network
  peerbus ca issue ca a.pub    for
  authority = "ca.pem"   # several are several files, and all of them count
"""


def shown(columns: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(columns))
    parser = argparse.ArgumentParser(prog="x", usage="x", epilog=TEXT, add_help=False, formatter_class=HelpText)
    return parser.format_help().splitlines()[2:]


def test_prose_flows_and_the_second_column_too(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(55, monkeypatch) == [
        "This is a paragraph of prose that was written in long",
        "lines, and goes on in a second one that is short.",
        "",
        "examples:",
        "  peerbus run alice.toml --set network.name=production",
        "  peerbus ban 10.1.0.0/16      have nothing to do",
        "                               with this network",
        "  peerbus ca issue ca a.pub    for",
        '  authority = "ca.pem"   # several are several files,',
        "                         # and all of them count",
    ]


def test_where_there_is_no_room_beside_the_first_column_the_second_stands_below(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert shown(45, monkeypatch)[6:9] == [
        "  peerbus ban 10.1.0.0/16",
        "      have nothing to do with this network",
        "  peerbus ca issue ca a.pub    for",
    ]


def test_lines_that_fit_stay_as_they_were_written(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(120, monkeypatch) == TEXT.splitlines()


@pytest.mark.parametrize("command", ["", *(each.name for each in COMMANDS)])
def test_no_sentence_of_a_command_is_cut_by_a_terminal_of_eighty_columns(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    _, out, _ = run([*command.split(), "--help"], capsys)
    wide = [line for line in out.splitlines() if len(line) > 80]
    assert all(line.startswith("  ") for line in wide), wide  # a command, or a configuration, to copy
