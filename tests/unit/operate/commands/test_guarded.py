"""What is told of `--harden`: what is missing, a line each, and what the process gave up."""

from __future__ import annotations

from pathlib import Path

import pytest

from peerbus.node.process import GUARDS, Guarding
from peerbus.operate.commands.guarded import guards_said, log_guarding, not_hardened, say_missing


def test_what_is_missing_is_said_a_line_each_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert say_missing(Path("a.toml"), []) == 0
    assert say_missing(Path("a.toml"), ["a.toml:1: identity: is not set"]) == 2
    assert capsys.readouterr().out == "a.toml is not hardened, 1 thing is missing:\n  a.toml:1: identity: is not set\n"
    assert str(not_hardened(["one", "two"])) == "not hardened, 2 things are missing: one; two"


def test_what_the_process_gave_up_is_a_line_each_and_what_it_could_not_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    log_guarding([Guarding(GUARDS[0], ""), Guarding(GUARDS[1], "not here")])
    assert [record.levelname for record in caplog.records] == ["INFO", "WARNING"]
    assert all(each.name in guards_said() for each in GUARDS)
