"""Every command of the list can be had, and explains itself."""

from __future__ import annotations

import argparse

import pytest
from command_line import run

from peerbus.operate.commands import COMMANDS, CommandEntry, command_called


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.name)
def test_a_command_is_where_the_list_says_and_its_help_says_what_it_takes(
    entry: CommandEntry, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command_called(entry.name) is entry
    entry.load().add_arguments(argparse.ArgumentParser())
    status, out, _ = run([entry.name, "--help"], capsys)
    assert status == 0
    assert out.startswith(f"usage: peerbus {entry.name} ")
    assert max(map(len, out.splitlines())) <= 120


def test_names_are_there_once_and_by_what_they_are_for() -> None:
    names = [entry.name for entry in COMMANDS]
    assert len(set(names)) == len(names)
    groups = [entry.group for entry in COMMANDS]
    assert groups == sorted(groups, key=groups.index)
    assert command_called("no-such") is None
