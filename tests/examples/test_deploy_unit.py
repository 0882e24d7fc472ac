"""The unit for systemd: held to what the package understands, and started as a manager starts it."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from deployment_files import DEPLOY, ROOT, loaded, seconds, understood
from services import PATIENCE, Service

from peerbus.node.identity_source import IdentitySource
from peerbus.operate.cli import MISUSED
from peerbus.transports import Identity

UNIT = DEPLOY / "systemd" / "peerbus@.service"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the reactor in it."""
    shutil.copy(DEPLOY / "greeter.py", tmp_path)
    return tmp_path


def directives(path: Path) -> dict[str, list[str]]:
    """The values of each directive of a unit's [Service], in order; systemd's files may repeat a key."""
    found: dict[str, list[str]] = {}
    section = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line
        elif section == "[Service]" and "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def specified(text: str, state: Path) -> str:
    """A value with its specifiers (systemd.unit(5)) for the instance `alice`."""
    return text.replace("%i", "alice").replace("%S", str(state)).replace("%t", str(state))


def unit_environment(unit: Mapping[str, list[str]], state: Path) -> dict[str, str]:
    """What the unit sets."""
    return dict(specified(each, state).split("=", 1) for each in unit["Environment"])


def test_the_unit_reads_the_file_beside_it_and_waits_longer_than_the_node_takes(folder: Path) -> None:
    unit = directives(UNIT)
    shutil.copy(DEPLOY / "systemd" / "alice.toml", folder)
    (folder / "peerbus" / "alice").mkdir(parents=True)
    config = loaded(folder / "alice.toml", unit_environment(unit, folder))
    assert config.book == folder / "peerbus" / "alice" / "peers.db"
    assert config.log.format == "json"
    assert config.name == "alice"
    credential, _, file = unit["LoadCredential"][0].partition(":")
    assert config.identity == IdentitySource("credential", credential)
    (command,) = unit["ExecStart"]
    understood(shlex.split(command))
    assert {Path(specified(path, folder)).name for path in (command.split()[-1], file)} == {"alice.toml", "alice.pem"}
    assert unit["Type"] == ["notify"]
    assert unit["RestartPreventExitStatus"] == [str(MISUSED)]
    assert seconds(unit["TimeoutStopSec"][0]) > config.limits.shutdown_timeout + 5
    assert seconds(unit["WatchdogSec"][0]) > 4 * config.limits.slow_handler
    assert unit["StateDirectory"] == unit["RuntimeDirectory"] == ["peerbus/%i"]
    assert config.admin.at == str(folder / "peerbus" / "alice" / "alice.sock")


def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not there")
    here = tmp_path / "peerbus@alice.service"
    here.write_text(UNIT.read_text(encoding="utf-8").replace("/opt/peerbus/bin/peerbus", sys.executable))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(here)],
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    about_it = [line for line in done.stderr.splitlines() if "peerbus" in line]
    assert about_it == []
    said = re.search(r"an exposure of (\d)\.(\d) of 10", (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8"))
    assert said is not None
    looked = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", f"--threshold={said[1]}{said[2]}", str(here)],
        check=False, capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip
    if "unrecognized option" in looked.stderr or "Failed to" in looked.stderr:
        pytest.skip(f"systemd-analyze security is not to be had here: {looked.stderr}")
    assert looked.returncode == 0, looked.stdout.splitlines()[-1]


class Manager:
    """What a node tells its service manager."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.settimeout(PATIENCE)

    def hears(self, word: str) -> None:
        """Wait for a message that has this line."""
        while word not in self._socket.recv(4096).decode().splitlines():
            pass

    def close(self) -> None:
        """Hear no more."""
        self._socket.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    """One that listens."""
    made = Manager(tmp_path / "notify.sock")
    yield made
    made.close()


@pytest.fixture
def services() -> Iterator[list[Service]]:
    """Those that a test starts: they are ended with it."""
    started: list[Service] = []
    yield started
    for service in started:
        service.close()


def test_the_unit_as_a_manager_starts_it_is_ready_reloads_and_stops(
    folder: Path, manager: Manager, services: list[Service]
) -> None:
    unit = directives(UNIT)
    credentials = folder / "credentials"
    credentials.mkdir(mode=0o700)
    Identity.generate().save(credentials / "identity.pem")
    shutil.copy(DEPLOY / "systemd" / "alice.toml", folder)
    (folder / "peerbus" / "alice").mkdir(parents=True)
    command = shlex.split(specified(unit["ExecStart"][0], folder))
    command = ["peerbus", "run", str(folder / Path(command[2]).name)]
    variables = {
        **unit_environment(unit, folder),
        "NOTIFY_SOCKET": str(manager.path),
        "WATCHDOG_USEC": str(int(seconds(unit["WatchdogSec"][0]) * 1e6)),
        "CREDENTIALS_DIRECTORY": str(credentials),
        # Of the machine that the test runs on: a port that is free, and no multicast beyond it.
        "PEERBUS_LISTEN": '["tcp://127.0.0.1:0"]',
        "PEERBUS_DISCOVERY__MDNS": "false",
    }
    service = Service([sys.executable, "-W", "error", "-m", *command], variables, folder)
    services.append(service)
    manager.hears("READY=1")
    manager.hears("WATCHDOG=1")
    assert (folder / "peerbus" / "alice" / "alice.sock").is_socket()
    assert unit["ExecReload"] == ["/bin/kill -HUP $MAINPID"]
    service.process.send_signal(signal.SIGHUP)
    manager.hears("RELOADING=1")
    manager.hears("READY=1")
    service.process.send_signal(signal.SIGTERM)
    manager.hears("STOPPING=1")
    assert service.process.wait(PATIENCE) == 0
    assert (folder / "peerbus" / "alice" / "peers.db").is_file()


def test_the_unit_is_read_as_ini_files_are() -> None:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.read_string(UNIT.read_text(encoding="utf-8"))
    assert parser.sections() == ["Unit", "Service", "Install"]
