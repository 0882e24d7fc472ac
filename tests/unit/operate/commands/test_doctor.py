"""`peerbus doctor` as a person meets it: lines or JSON, and the exit status."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from peerbus.operate.cli import main
from peerbus.operate.commands.doctor import lines_of
from peerbus.operate.commands.terminal import Terminal
from peerbus.operate.doctor.diagnosis import failed, ok, warning

CONFIG = 'name = "alice"\nnetwork = "demo"\n[discovery]\nmdns = false\n[admin]\nenabled = false\n'
FOUND = [
    ok("key", "keys/alice.pem: it is ours alone"),
    warning("mdns eth0 10.0.0.2", "works, and nobody of network 'demo' is heard", "start the others"),
    failed("listen tcp://0.0.0.0:7400", "the port is taken by nc (pid 99)", "end that, or choose another port"),
]


@pytest.fixture
def config(tmp_path: Path) -> str:
    (tmp_path / "alice.toml").write_text(CONFIG)
    return str(tmp_path / "alice.toml")


def test_each_thing_is_a_line_and_what_to_do_stands_below_it() -> None:
    assert list(lines_of(FOUND, Terminal(io.StringIO()))) == [
        "ok       key: keys/alice.pem: it is ours alone",
        "warning  mdns eth0 10.0.0.2: works, and nobody of network 'demo' is heard",
        "         → start the others",
        "failed   listen tcp://0.0.0.0:7400: the port is taken by nc (pid 99)",
        "         → end that, or choose another port",
        "3 looked at: 1 failed, 1 warning",
    ]
    assert list(lines_of(FOUND[:1], Terminal(io.StringIO())))[-1] == "all is well: 1 looked at"


def test_lines_keep_to_the_width_of_a_terminal_and_have_all_the_words() -> None:
    terminal, wide = Terminal(io.StringIO()), Terminal(io.StringIO())
    terminal.columns = 40
    lines = list(lines_of(FOUND, terminal))
    assert max(map(len, lines)) <= 40
    assert " ".join(" ".join(lines).split()) == " ".join(" ".join(lines_of(FOUND, wide)).split())


def test_what_others_say_does_nothing_to_the_terminal() -> None:
    assert "a\\x1b[31m" in next(lines_of([ok("key", "a\x1b[31m")], Terminal(io.StringIO())))


def test_warnings_are_no_failure(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", config]) == 0
    said = capsys.readouterr().out
    assert "warning  key: no identity is set" in said
    assert "         → make one, `peerbus keygen alice.pem`" in said


def test_a_failure_is_one_and_json_says_the_same(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", config, "--set", 'identity="gone.pem"', "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["verdict"] == "failed"
    assert [each["about"] for each in found["diagnoses"] if each["verdict"] == "failed"] == ["key"]
    assert set(found["diagnoses"][0]) == {"about", "verdict", "text", "advice"}


@pytest.mark.parametrize("words", [("--listen", "-1"), ("--set", "nothing")])
def test_a_wrong_flag_is_an_error_of_its_own(
    config: str, words: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", config, *words]) == 2
    assert capsys.readouterr().err.startswith("peerbus doctor: ")
