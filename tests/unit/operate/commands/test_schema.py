"""`peerbus schema` as a person and a CI meet it: what it prints, and the exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from peerbus.operate.cli import main

PROGRAM = """
from peerbus.actors import Channel, Message, Reactor, Request, handles

class Got(Message):
    key: int

class Get(Message, Request[Got]):
    key: int

class Put(Message):
    key: int

class Drop(Message):
    key: int

OLD = Channel("store", messages=(Get, Put, Drop))

class Got(Message):
    key: int
    owner: str = ""

class Get(Message, Request[Got]):
    key: int

class Put(Message):
    key: float
    owner: str

class Sweep(Message):
    before: int

BAD = Channel("store", messages=(Sweep, Get, Put))

class Put(Message):
    key: int
    owner: str = ""

GOOD = Channel("store", messages=(Sweep, Get, Put, Drop))
"""
MODULE = "schema_command_store"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / f"{MODULE}.py").write_text(PROGRAM)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    status = main(["schema", *words])
    out, err = capsys.readouterr()
    assert err == ""
    return status, out


def test_show_prints_messages_with_their_numbers_and_answers(capsys: pytest.CaptureFixture[str]) -> None:
    status, out = run(capsys, "show", f"{MODULE}:BAD")
    assert status == 0
    head, *lines = out.splitlines()
    assert head.startswith("channel store  ")
    assert lines == [
        "  1 Sweep(before: int)",
        "  2 Get(key: int) -> Got",
        "  3 Put(key: float, owner: str)",
        "    Got(key: int, owner?: str)",
    ]


def test_check_is_well_where_a_roll_out_is(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "old.json").write_text(run(capsys, "show", "--json", f"{MODULE}:OLD")[1])
    assert run(capsys, "check", "old.json", f"{MODULE}:GOOD") == (0, "old and new understand each other\n")
    status, out = run(capsys, "diff", "old.json", f"{MODULE}:GOOD")
    assert status == 0
    assert out.splitlines() == [
        "channel store",
        "  + Got.owner: str, with a default",
        "  + Put.owner: str, with a default",
        "  + Sweep: a message",
    ]


def test_check_fails_where_something_is_not_understood_and_says_what(capsys: pytest.CaptureFixture[str]) -> None:
    status, out = run(capsys, "check", f"{MODULE}:OLD", f"{MODULE}:BAD")
    assert status == 1
    assert out.splitlines() == [
        "channel store",
        "  ! Put: is not sent to new nodes: Put.owner is required at the new node, and the old node does not have it; "
        "give it a default at the new node, or add it at the old node first",
        "  ! Drop: is not declared any more, and old nodes still send it",
        "  ! Put: is not sent to old nodes: Put.key is float at the new node, int at the old node; let the old "
        "node read float as well, or leave the field and add one of another name",
        "not understood: see above, and peerbus explain evolving",
    ]
    assert run(capsys, "diff", f"{MODULE}:OLD", f"{MODULE}:BAD")[0] == 0


def test_check_may_look_one_way_and_answer_a_program(capsys: pytest.CaptureFixture[str]) -> None:
    status, out = run(capsys, "check", "--only", "backward", "--json", f"{MODULE}:OLD", f"{MODULE}:BAD")
    content = json.loads(out)
    assert (status, content["compatible"]) == (1, False)
    found = content["channels"]["store"]["troubles"]
    assert [(each["message"], each["direction"]) for each in found] == [("Put", "backward")]
    assert json.loads(run(capsys, "diff", "--json", f"{MODULE}:OLD", f"{MODULE}:OLD")[1])["compatible"] is True


def test_a_channel_that_is_gone_is_still_sent_to(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "none.json").write_text('{"channels": {}}')
    status, out = run(capsys, "check", f"{MODULE}:OLD", "none.json")
    assert status == 1
    assert "store: the channel is gone" in out
    assert run(capsys, "check", "none.json", f"{MODULE}:OLD")[0] == 0


def test_it_runs_as_a_command_and_explains_itself(folder: Path) -> None:
    command = [sys.executable, "-m", "peerbus", "schema"]
    done = subprocess.run([*command, "--help"], capture_output=True, text=True, check=True, cwd=folder)
    assert "peerbus schema check schema.json blocks:Blocks" in done.stdout
    shown = subprocess.run(
        [*command, "check", f"{MODULE}:OLD", f"{MODULE}:GOOD"], capture_output=True, text=True, check=False, cwd=folder
    )
    assert (shown.returncode, shown.stdout) == (0, "old and new understand each other\n")
    wrong = subprocess.run([*command, "check", "old.json"], capture_output=True, text=True, check=False, cwd=folder)
    assert wrong.returncode == 2
    assert "peerbus schema check: the following arguments are required: NEW" in wrong.stderr
