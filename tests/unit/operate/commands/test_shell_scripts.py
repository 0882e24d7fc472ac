"""The scripts in real shells: what is offered for what was typed."""

from __future__ import annotations

import os
import pty
import select
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from peerbus.operate.commands.shell_scripts import SHELLS
from peerbus.operate.commands.shell_words import ShellFlag, ShellWord, ValueKind, all_words

#: Seconds that a shell has.
PATIENCE = 60.0
BASH = """
source script
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _peerbus
printf '%s\\n' "${COMPREPLY[@]}"
"""


def needs(shell: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(shell) is None, reason=f"{shell} is not installed")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A folder with a configuration, the scripts, and the socket of a node."""
    (tmp_path / "alice.toml").touch()
    (tmp_path / "peerbus").mkdir()
    for shell, script in SHELLS.items():
        (tmp_path / f"script.{shell}").write_text(script(all_words()))
    with socket.socket(socket.AF_UNIX) as node:
        node.bind(str(tmp_path / "peerbus" / "carol.sock"))
        yield tmp_path


def said(command: list[str], home: Path) -> list[str]:
    """What a shell prints."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_RUNTIME_DIR": str(home), "LANG": "C.UTF-8"}
    done = subprocess.run(
        command, cwd=home, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


def by_bash(line: str, home: Path) -> set[str]:
    (home / "try.sh").write_text(BASH.replace("source script", "source script.bash"))
    return set(said(["bash", "--norc", "--noprofile", "try.sh", *line.split(" ")], home))


def by_fish(line: str, home: Path) -> set[str]:
    program = "source script.fish; complete -C $argv[1]"
    return {each.partition("\t")[0] for each in said(["fish", "--no-config", "-c", program, line], home)}


SHELL_CASES = [
    pytest.param(by_bash, marks=needs("bash"), id="bash"),
    pytest.param(by_fish, marks=needs("fish"), id="fish"),
]


@pytest.mark.parametrize("offered", SHELL_CASES)
@pytest.mark.parametrize(
    ("line", "some", "none"),
    [
        ("peerbus s", {"status", "seed", "score", "schema"}, {"run", "alice.toml"}),
        ("peerbus run --log-level ", {"debug", "warning"}, {"alice.toml", "--set"}),
        ("peerbus run al", {"alice.toml"}, {"alice"}),
        ("peerbus run --c", {"--check"}, {"--set"}),
        ("peerbus status --node ", {"carol", "alice.toml"}, {"--json"}),
        ("peerbus schema ", {"show", "diff", "check"}, {"alice.toml"}),
        ("peerbus schema show --", {"--json"}, {"--only"}),
        ("peerbus schema check --only f", {"forward"}, {"backward"}),
        ("peerbus log ", {"debug", "info", "warning", "error"}, {"alice.toml"}),
        ("peerbus ban 10.0.0.1 --fo", {"--for"}, {"--follow"}),
        ("peerbus completion ", {"bash", "zsh", "fish"}, {"alice.toml"}),
    ],
)
def test_what_fits_is_offered_and_nothing_else(
    offered: type[object], line: str, some: set[str], none: set[str], home: Path
) -> None:
    found: set[str] = offered(line, home)  # type: ignore[call-arg,assignment]  # it is a function
    assert some <= found
    assert not none & found


@contextmanager
def typing_to_zsh(home: Path) -> Iterator[int]:
    """A zsh at a terminal, which has read the script."""
    ours, theirs = pty.openpty()
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_RUNTIME_DIR": str(home), "TERM": "dumb"}
    command = ["zsh", "-f", "-i"]
    with subprocess.Popen(
        command, cwd=home, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as shell:
        os.close(theirs)
        try:
            setup = "autoload -U compinit; compinit -u -D; source ./script.zsh; PROMPT='rea''dy> '"
            os.write(ours, f" {setup}\n".encode())
            read_until(ours, "ready> ")
            yield ours
        finally:
            shell.kill()
            os.close(ours)


def read_until(terminal: int, text: str) -> str:
    """What comes, up to a text that must come."""
    found, end = "", time.monotonic() + PATIENCE
    while text not in found:
        assert select.select([terminal], [], [], max(0.0, end - time.monotonic()))[0], found
        found += os.read(terminal, 65536).decode(errors="replace")
    return found


@needs("zsh")
@pytest.mark.parametrize(
    ("typed", "becomes"),
    [
        ("peerbus stat\t", "peerbus status "),
        ("peerbus run --log-level w\t", "peerbus run --log-level warning "),
        ("peerbus run ali\t", "peerbus run alice.toml "),
        ("peerbus schema sh\t", "peerbus schema show "),
        ("peerbus status --node car\t", "peerbus status --node carol "),
        ("peerbus events --foll\t", "peerbus events --follow "),
        ("peerbus log d\t", "peerbus log debug "),
    ],
)
def test_zsh_completes_what_is_typed(typed: str, becomes: str, home: Path) -> None:
    with typing_to_zsh(home) as terminal:
        os.write(terminal, typed.encode())
        read_until(terminal, becomes)


def test_every_shell_can_read_whatever_a_help_says(home: Path) -> None:
    evil = ShellFlag(("-x", "--evil"), 'it\'s [a]: `b` $(c) \\ "d"', ValueKind.CHOICES, ("one", "two"))
    word = ShellWord(("go",), "don't: $(x)", (evil,), ValueKind.NODES, ())
    for shell, script in SHELLS.items():
        if shutil.which(shell) is not None:
            (home / "evil").write_text(script((word,)))
            assert said([shell, "-n", "evil"], home) == []
