"""`peerbus completion` prints a script for each shell, and nothing else."""

from __future__ import annotations

import pytest
from command_line import run

from peerbus.operate.commands.shell_scripts import SHELLS
from peerbus.operate.commands.shell_words import all_words


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_is_printed(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(["completion", shell], capsys)
    assert (status, err) == (0, "")
    assert out.rstrip("\n") == SHELLS[shell](all_words()).rstrip("\n")


@pytest.mark.parametrize("words", [[], ["tcsh"]])
def test_another_shell_is_a_mistake(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(["completion", *words], capsys)
    assert (status, out) == (2, "")
