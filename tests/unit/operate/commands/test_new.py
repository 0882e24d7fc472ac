"""`peerbus new` as a person meets it: what it says, and what it leaves behind."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import run


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_project_is_made_and_the_next_steps_are_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(["new", "weather"], capsys)
    assert (status, err) == (0, "")
    assert "cd weather" in out
    assert "peerbus run alice.toml" in out
    assert (folder / "weather" / "weather" / "greeter.py").is_file()


def test_a_reactor_is_made_in_the_project_here(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["new", "weather"], capsys)
    monkeypatch.chdir(folder / "weather")
    status, out, _ = run(["new", "--reactor", "ledger"], capsys)
    assert status == 0
    assert out.startswith("made weather/ledger.py and tests/test_ledger.py\n")
    assert '"weather.ledger:Ledger"' in out
    status, out, _ = run(["new", "--reactor", "Audit", "--config", "alice.toml"], capsys)
    assert (status, out.splitlines()[-1]) == (0, "alice.toml runs it: peerbus run alice.toml")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "name a project to make"),
        (["weather", "--reactor", "ledger"], "name a project to make"),
        (["weather", "--config", "a.toml"], "--config goes with --reactor"),
        (["import"], "keyword"),
        *(([word], f"{word!r} names no folder to make") for word in ("", ".", "..", "/", "weather/..")),
        (["--reactor", "ledger"], "is in no project"),
    ],
)
def test_what_cannot_be_made_is_said_in_one_line(
    words: list[str], why: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = run(["new", *words], capsys)
    assert (status, out) == (2, "")
    assert why in err
    assert err.count("\n") == 1
    assert list(folder.iterdir()) == []
