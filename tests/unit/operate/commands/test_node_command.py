"""A command that asks a running node finds it, says in one line why it cannot, and obeys signals."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from administered import Place
from command_line import asked, run

from peerbus.node.process_signals import STOPS, ProcessSignals
from peerbus.operate.client import finding
from peerbus.operate.commands.node_command import until_signalled


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No node of this machine is in sight but the test's own."""
    monkeypatch.setattr(finding, "SERVICES", tmp_path / "run")
    monkeypatch.setattr("peerbus.operate.serving.places.TEMPORARY", tmp_path / "tmp")
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.chdir(tmp_path)


async def test_the_node_that_runs_here_is_found_by_itself(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = await asyncio.to_thread(run, ["status"], capsys)
    assert (status, err) == (0, "")
    assert out.startswith("alice in network")
    assert (await asyncio.to_thread(run, ["status", "--node", "alice"], capsys))[0] == 0


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        ([], 1, "peerbus status: no node runs here"),
        (["--node", "carol"], 1, "peerbus status: no node called 'carol' runs here: none does"),
        (["--node", "./none.sock"], 1, "peerbus status: no node listens at none.sock"),
        (["--node", "http://127.0.0.1:1"], 2, "asks for a token: name the file that it stands in, --token FILE"),
        (["--node", "http://127.0.0.1:1", "--token", "none"], 2, "the token none cannot be read: No such file"),
        (["--node", "http://example.com:80"], 2, "would send the token unencrypted"),
        (["--timeout", "0"], 2, "--timeout is '0'"),
        (["--nodes", "x"], 2, "unrecognized arguments: --nodes x; did you mean '--node'? (see peerbus status --help)"),
    ],
)
def test_what_cannot_be_asked_is_one_line(
    words: list[str], status: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ended, out, err = run(["status", *words], capsys)
    assert (ended, out) == (status, "")
    assert says in err
    assert err.count("\n") == 1


def test_a_node_that_stands_still_is_given_up_after_the_time_that_one_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "a.sock"))
        silent.listen()
        status, _, err = run(["status", "--node", str(tmp_path / "a.sock"), "--timeout", "50ms"], capsys)
    assert status == 1
    assert "has not answered within 0.05 s: its event loop stands still" in err


async def test_the_help_has_an_example_and_exit_statuses(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = await asked(place.socket, "ban --help", capsys)
    assert status == 0
    assert "examples:\n  peerbus ban 10.1.0.0/16 --for 10m" in out
    assert "exit status: 0 well, 1 failed or refused, 2 bad flag, 130 Ctrl-C" in out


@pytest.fixture
def heard() -> Iterator[ProcessSignals]:
    """Signals of this process, heard from now on; what was there before is there again afterwards."""
    before = {number: signal.getsignal(number) for number in STOPS}
    signals = ProcessSignals()
    yield signals
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_signal_ends_it_with_its_status_also_one_that_came_before(heard: ProcessSignals) -> None:
    async def waits(number: signal.Signals | None) -> int:
        if number is not None:
            os.kill(os.getpid(), number)
        await asyncio.Event().wait()
        return 0

    assert until_signalled(waits(signal.SIGTERM), heard) == 143
    assert until_signalled(waits(None), heard) == 143  # the first one has come, and stands


def test_without_a_signal_its_status_is_its_own(heard: ProcessSignals) -> None:
    async def ends() -> int:
        return 7

    assert until_signalled(ends(), heard) == 7
    assert until_signalled(ends(), None) == 7
