"""The flags of `peerbus demo`, and what becomes of what it cannot do."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from peerbus.actors import ConfigError, PeerbusError
from peerbus.operate.commands import demo as command
from peerbus.operate.commands.demo import add_arguments, run
from peerbus.operate.demo.scenario import DEFAULT_NODES, DEFAULT_SIZE, DEFAULT_TIMEOUT


def flags(*given: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="peerbus demo")
    add_arguments(parser)
    return parser.parse_args(given)


def test_without_flags_it_is_the_demonstration_of_the_readme() -> None:
    plain = flags()
    assert (plain.nodes, plain.size, plain.timeout) == (DEFAULT_NODES, DEFAULT_SIZE, DEFAULT_TIMEOUT)
    assert (plain.file, plain.keep, plain.no_kill, plain.json) == (None, None, False, False)


def test_flags_are_read_as_what_they_are() -> None:
    given = flags("--file", "a.bin", "--nodes", "4", "--no-kill", "--json", "--keep", "kept", "--timeout", "2.5")
    assert (given.file, given.keep) == (Path("a.bin"), Path("kept"))
    assert (given.nodes, given.no_kill, given.json, given.timeout) == (4, True, True, 2.5)


def test_no_browser_is_nothing_without_a_dashboard() -> None:
    with pytest.raises(ConfigError, match="--dashboard"):
        run(flags("--no-browser"))


def test_a_folder_that_cannot_be_made_is_a_wrong_flag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "check_multicast", lambda: None)
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="the folder cannot be made: "):
        run(flags("--keep", str(tmp_path / "file" / "folder")))


@pytest.mark.parametrize("failure", [PeerbusError("no multicast here"), OSError("no multicast here")])
def test_a_machine_that_cannot_is_status_1_and_one_line(
    failure: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails() -> None:
        raise failure

    monkeypatch.setattr(command, "check_multicast", fails)
    assert run(flags()) == 1
    heard = capsys.readouterr()
    assert heard.out == ""
    assert heard.err.splitlines() == ["peerbus demo: no multicast here"]
