"""A name of a program is found where a command of `peerbus` looks, and an error says what is missing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from peerbus.actors.base import ConfigError
from peerbus.node.schema.program import found_in_program


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "program_of_a_user.py").write_text("class Inside:\n    value = 7\n")
    (tmp_path / "program_that_ends.py").write_text("raise SystemExit(3)\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [each for each in sys.path if each])


def test_a_name_is_looked_up_in_the_working_directory() -> None:
    assert found_in_program("program_of_a_user:Inside.value", otherwise="or so") == 7
    assert str(Path.cwd()) in sys.path


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("program_of_a_user", "write module:Name, or so"),
        (":Name", "write module:Name"),
        ("program_of_a_user:Outside", "module 'program_of_a_user' has no 'Outside'"),
        ("program_of_nobody:Inside", "cannot import 'program_of_nobody'"),
        ("program_that_ends:Inside", r"cannot import 'program_that_ends' \(SystemExit: 3\)"),
    ],
)
def test_what_is_not_there_is_named(source: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        found_in_program(source, otherwise="or so")
