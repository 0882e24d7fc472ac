"""Signals to real processes: while a node starts, also as number 1 of a container, and what a service manager hears."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

#: A module that is imported for as long as the test wants: it says that it is, and waits for a line.
SLOW = """
import sys
{wait}
from dataclasses import dataclass
from peerbus.actors import Channel
@dataclass(frozen=True)
class Note:
    text: str
NOTES = Channel("notes", messages=(Note,))
"""
WAIT = """
print("importing", flush=True)
sys.stdin.readline()
"""
#: In a namespace of its own the process has the number 1.
AS_INIT = ("unshare", "--pid", "--fork", "--kill-child")

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts `peerbus run` of a configuration that imports a module; ends it after the test."""
    started: list[subprocess.Popen[str]] = []

    def start(wait: str = WAIT, *, prefix: tuple[str, ...] = (), **environment: str) -> subprocess.Popen[str]:
        (tmp_path / "slow.py").write_text(SLOW.format(wait=wait))
        config = tmp_path / "alice.toml"
        if not config.exists():
            config.write_text(
                'name = "alice"\nnetwork = "signals"\nchannels = ["slow:NOTES"]\ndiscovery.mdns = false\n'
            )
        process = subprocess.Popen(
            [*prefix, sys.executable, "-m", "peerbus", "run", str(config), "--json-logs"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        with process:
            process.kill()


def said(process: subprocess.Popen[str]) -> str:
    """The next line of its standard output."""
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")


def logged(process: subprocess.Popen[str], event: str) -> dict[str, object]:
    """The next line of its log of that event."""
    assert process.stderr is not None
    for line in process.stderr:
        entry = json.loads(line)
        if entry["event"] == event:
            assert isinstance(entry, dict)
            return entry
    raise AssertionError(f"{event!r} was not logged")


def go_on(process: subprocess.Popen[str]) -> None:
    """End the import."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=str)
def test_a_signal_while_a_process_imports_ends_it_without_a_word(
    number: signal.Signals, status: int, start: Start
) -> None:
    process = start()
    assert said(process) == "importing"
    process.send_signal(number)
    assert process.communicate(timeout=60) == ("", "")
    assert process.returncode == status


def test_a_signal_while_a_process_imports_is_obeyed_before_the_node_starts(start: Start) -> None:
    process = start()
    assert said(process) == "importing"
    process.send_signal(signal.SIGTERM)
    go_on(process)  # the import may end before the process does
    _, err = process.communicate(timeout=60)
    assert process.returncode == 143
    assert "node up" not in err
    assert "Traceback" not in err


def test_a_process_with_the_number_1_loses_no_signal(start: Start) -> None:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("only root makes namespaces, with unshare of util-linux")
    if subprocess.run([*AS_INIT, "true"], capture_output=True, check=False, timeout=60).returncode:
        pytest.skip("this machine gives no namespace of processes")
    process = start(prefix=AS_INIT)
    assert said(process) == "importing"
    (init,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    os.kill(int(init), signal.SIGTERM)
    assert process.communicate(timeout=60) == ("", "")
    assert process.returncode == 143


@pytest.fixture
def manager() -> Iterator[tuple[socket.socket, str]]:
    """A service manager's socket, and what stands in the environment for it."""
    name = f"peerbus-test-{secrets.token_hex(8)}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        try:
            sock.bind(f"\0{name}")
        except OSError:
            pytest.skip("this system has no abstract sockets")
        sock.settimeout(60)
        yield sock, f"@{name}"


def test_a_service_manager_hears_of_a_whole_life_and_feeds_on_it(
    start: Start, manager: tuple[socket.socket, str]
) -> None:
    sock, address = manager
    process = start(NOTIFY_SOCKET=address, WATCHDOG_USEC="20000")
    assert said(process) == "importing"
    go_on(process)
    assert sock.recv(4096) == b"READY=1\nSTATUS=alice is up in network signals"
    assert [sock.recv(4096) for _ in range(3)] == [b"WATCHDOG=1"] * 3
    process.send_signal(signal.SIGTERM)
    while (told := sock.recv(4096)) == b"WATCHDOG=1":
        pass
    assert told == b"STOPPING=1"
    assert process.wait(timeout=60) == 0


def test_a_reload_changes_what_it_can_and_tells_the_manager_and_the_log(
    start: Start, tmp_path: Path, manager: tuple[socket.socket, str]
) -> None:
    sock, address = manager
    process = start("", NOTIFY_SOCKET=address)
    assert sock.recv(4096).startswith(b"READY=1\n")
    config = tmp_path / "alice.toml"
    config.write_text(
        f'{config.read_text()}offers = ["archive"]\nlisten = ["tcp://127.0.0.1:0"]\nlog.level = "warning"\n'
    )
    process.send_signal(signal.SIGHUP)
    assert sock.recv(4096).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
    assert sock.recv(4096).startswith(b"READY=1\n")
    told = logged(process, "configuration reloaded")
    assert told["changed"] == ["log.level: info -> warning", "offers: +archive"]
    assert told["needs_restart"] == ["listen"]
    config.write_text("name = 7")
    process.send_signal(signal.SIGHUP)
    told = logged(process, "configuration not reloaded, the node runs on as it was")
    assert told["error"] == f'{config}:1: name: 7 is not a string; for example "alice"'
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, "shutting down" in err) == (0, False)


def test_a_reload_that_comes_while_the_node_starts_is_done_when_it_is_up(start: Start, tmp_path: Path) -> None:
    process = start()
    assert said(process) == "importing"
    config = tmp_path / "alice.toml"
    config.write_text(f'{config.read_text()}offers = ["archive"]\n')
    process.send_signal(signal.SIGHUP)
    go_on(process)
    logged(process, "node up")
    assert logged(process, "configuration reloaded")["changed"] == ["offers: +archive"]
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 0


def test_a_node_whose_terminal_was_closed_stops_in_order(tmp_path: Path) -> None:
    config = tmp_path / "alice.toml"
    config.write_text('name = "alice"\nnetwork = "signals"\ndiscovery.mdns = false\n')
    master, slave = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "peerbus", "run", str(config), "--json-logs"],
        stdin=slave,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        os.close(slave)
        logged(process, "node up")
        os.close(master)
        process.send_signal(signal.SIGHUP)
        assert logged(process, "shutting down")["signal"] == "SIGHUP"
        assert process.wait(timeout=60) == 0
