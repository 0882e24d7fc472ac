"""The command line as a person meets it: what it prints, where, and the exit status."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from command_line import run

import peerbus
from peerbus.native import build_name


def test_version_is_the_packages_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"], capsys) == (0, f"peerbus {peerbus.__version__} ({build_name()})\n", "")


def test_the_help_teaches_by_example(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(["--help"], capsys)
    assert status == 0
    for word in ("peerbus demo", "peerbus keygen", "peerbus run", 'network = "demo"', "Exit status"):
        assert word in out


@pytest.mark.parametrize("command", ["run", "keygen", "id", "demo"])
def test_each_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run([command, "--help"], capsys)
    assert status == 0
    assert out.startswith(f"usage: peerbus {command}")


def test_the_configuration_in_the_help_is_a_right_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, out, _ = run(["--help"], capsys)
    shown = re.search(r"a configuration, alice\.toml:\n((?:  .*\n)+)", out)
    assert shown is not None
    (tmp_path / "alice.toml").write_text(shown[1])
    (tmp_path / "blocks.py").write_text("""from dataclasses import dataclass
from peerbus.actors import Channel, Reactor, handles
@dataclass(frozen=True)
class Get:
    height: int
class Blocks(Reactor):
    channel = Channel("blocks", messages=(Get,))
    @handles(Get)
    def get(self, wanted: Get) -> int:
        return wanted.height
""")
    monkeypatch.chdir(tmp_path)
    assert run(["keygen", "keys/alice.pem"], capsys)[0] == 0
    status, said, error = run(["run", "alice.toml", "--check"], capsys)
    assert (status, error) == (0, "")
    assert said.startswith("alice.toml is well")


def test_no_command_shows_the_help_as_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run([], capsys)
    assert (status, out) == (2, "")
    assert err.startswith("usage: peerbus")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["rnu"], "peerbus: argument COMMAND: invalid choice: 'rnu'; did you mean 'run'?"),
        (["--verbose"], "peerbus: unrecognized arguments: --verbose"),
        (["run"], "peerbus run: the following arguments are required: CONFIG.toml (see peerbus run --help)"),
        (["run", "a.toml", "--log-level", "loud"], "peerbus run: argument --log-level: invalid choice: 'loud'"),
        (["run", "a.toml", "--chek"], "peerbus run: unrecognized arguments: --chek; did you mean '--check'? (see"),
        (["id", "env:a b"], "peerbus id: after env: stands the name of a variable of the environment, env:ALICE_KEY"),
        (["id", "a.pem", "b.pem"], "peerbus id: unrecognized arguments: b.pem (see peerbus id --help)"),
        (["run", "none.toml"], "peerbus run: none.toml: there is no such file"),
        (["run", "\x1b[31mnone.toml"], "peerbus run: \\x1b[31mnone.toml: there is no such file"),
        (["keygen"], "peerbus keygen: the following arguments are required: PATH"),
        (["id", "none.pem"], "peerbus id: none.pem does not exist; make one: peerbus keygen none.pem"),
        (["demo", "--nodes", "many"], "peerbus demo: argument --nodes: "),
    ],
)
def test_a_mistake_is_one_line_and_exit_status_2(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = run(arguments, capsys)
    assert (status, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1


def test_help_is_that_of_a_command_and_of_anything_else_what_explains_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["help"], capsys) == run(["--help"], capsys)
    assert run(["help", "run"], capsys) == run(["run", "--help"], capsys)
    assert run(["help", "NoRoute"], capsys) == run(["explain", "NoRoute"], capsys)


def test_the_module_runs_as_the_command_does() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "peerbus", "--version"], check=True, capture_output=True, text=True, timeout=30
    )
    assert done.stdout == f"peerbus {peerbus.__version__} ({build_name()})\n"


def test_ctrl_c_while_the_command_is_still_being_imported_is_silent(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupted:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "peerbus.operate.cli":
                raise KeyboardInterrupt

    (command,) = entry_points(group="console_scripts", name="peerbus")
    main = command.load()
    monkeypatch.delitem(sys.modules, "peerbus.operate.cli")
    monkeypatch.delattr("peerbus.operate.cli", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Interrupted(), *sys.meta_path])
    assert main() == 130
    assert capsys.readouterr() == ("", "")


def test_a_folder_that_cannot_be_made_is_a_wrong_flag(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    status, out, err = run(["demo", "--keep", str(tmp_path / "file" / "kept")], capsys)
    assert (status, out) == (2, "")
    assert "the folder cannot be made: Not a directory" in err


def test_what_prints_its_version_does_not_wait_for_tls_or_multicast_dns() -> None:
    code = "import sys, peerbus.operate.cli; sys.exit(bool({'cryptography', 'zeroconf'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-P", "-c", code], check=False).returncode == 0


def test_a_flag_that_is_none_is_told_with_the_nearest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words, meant in ((["run", "a.toml", "--chek"], "--check"), (["status", "--nod=a"], "--node")):
        status, out, err = run(words, capsys)
        assert (status, out) == (2, "")
        assert f"did you mean '{meant}'?" in err
    (tmp_path / "a.toml").write_text('name = "a"\nnetwork = "demo"\npeers = { seeds = ["tcp://127.0.0.1:1"] }\n')
    _, said, _ = run(["run", str(tmp_path / "a.toml"), "--check"], capsys)
    assert "no endpoint is named" not in said
    assert "none that it insists on" in said


def test_what_could_not_be_written_at_the_end_is_said_and_is_a_status_of_ours() -> None:
    # The interpreter's own is 120: a terminal that had gone hid for which signal the program ended.
    program = "import sys; from peerbus import __main__ as door; sys.stdout.write('left'); sys.exit(door.main())"
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-P", "-c", program, "runn"],
            check=False,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": ""},
        )
    assert done.returncode == 2
    assert "the output was not written" in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.parametrize("words", ["--help", "new --help", "ca --help", "ask --help", "explain NoRoute", "runn"])
def test_an_output_of_a_small_alphabet_gets_all_that_is_said(words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "peerbus", *words.split()],
        check=False,
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "COLUMNS": "80"},
    )
    assert done.returncode == (2 if words == "runn" else 0)
    assert b"Traceback" not in done.stderr
    assert (done.stdout + done.stderr).isascii()


@pytest.mark.parametrize(
    "words",
    [
        ["events", "--last", "x"],
        ["events", "--after", "-1"],
        ["actors", "--limit", "0"],
        ["demo", "--nodes", "1.5"],
        ["resize", "jobs", "many"],
        ["dashboard", "--port", "http"],
        ["top", "--count", "x"],
        ["rates", "--asks", "9" * 5000],
    ],
)
def test_a_flag_that_is_no_number_is_told_what_it_would_have_to_be(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, error = run(words, capsys)
    assert status == 2
    assert f"'{words[-1][:40]}' is no whole number" in error
    assert "invalid" not in error, "that names a function of the program"


def test_a_flag_that_is_written_as_a_command_is_meant(capsys: pytest.CaptureFixture[str]) -> None:
    assert "did you mean '--version'?" in run(["version"], capsys)[2]
