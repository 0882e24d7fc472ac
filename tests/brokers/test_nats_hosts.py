"""Three hosts that reach a server and not each other: a file is synced through it, as examples/blocksync/*.toml say."""

from __future__ import annotations

import filecmp
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hosts import Hosts, hosts_of
from nats_servers import program
from services import PATIENCE, Service

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "blocksync"
SERVER, ARCHIVES, WANT = 4, (1, 2), 3
#: Connects to a place of another host, and says how that went.
REACHES = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=1.0)
except ConnectionRefusedError:
    print("there")
except OSError:
    print("not there")
else:
    print("there")
"""


@pytest.fixture
def services() -> Iterator[list[Service]]:
    """Those that a test starts: they are ended with it."""
    started: list[Service] = []
    yield started
    for service in started:
        service.close()


def on(hosts: Hosts, number: int, *command: str) -> list[str]:
    return ["ip", "netns", "exec", hosts.name(number), *command]


def reaches(hosts: Hosts, one: int, other: int, port: int) -> bool:
    command = on(hosts, one, sys.executable, "-c", REACHES, hosts.address(other), str(port))
    return subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE).stdout == b"there\n"


def listens(hosts: Hosts, server: subprocess.Popen[bytes], port: int) -> None:
    while not reaches(hosts, SERVER, SERVER, port) and server.poll() is None:
        pass


@pytest.mark.long
@pytest.mark.timeout(120)  # five processes on a machine that may be busy
def test_a_file_is_synced_between_hosts_that_reach_the_server_alone(tmp_path: Path, services: list[Service]) -> None:
    nats_server, port = program(), 4222
    (tmp_path / "original.bin").write_bytes(os.urandom(6_000_001))
    with hosts_of(4) as hosts:
        hosts.isolate(*ARCHIVES, WANT)
        place = hosts.address(SERVER)
        command = on(hosts, SERVER, nats_server, "--addr", place, "--port", str(port))
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
            try:
                listens(hosts, server, port)
                for number in (*ARCHIVES, WANT):
                    assert reaches(hosts, number, SERVER, port)
                assert not reaches(hosts, WANT, ARCHIVES[0], port)

                def start(number: int, what: str) -> Service:
                    settings = {"name": f"host-{number}", "listen": f'["nats://{place}:{port}/blocksync"]'}
                    flags = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
                    peerbus = (sys.executable, "-W", "error", "-m", "peerbus", "run", "--json-logs", *flags)
                    service = Service(on(hosts, number, *peerbus, str(FOLDER / f"{what}.toml")), {}, tmp_path)
                    services.append(service)
                    return service

                for number in ARCHIVES:
                    start(number, "archive")
                want = start(WANT, "want")
                assert want.logged("fetching")["archives"] == 2
                want.logged("synced")
                assert filecmp.cmp(tmp_path / "original.bin", tmp_path / "copy.bin", shallow=False)
                for service in services:
                    service.logged("node up")  # what it can be told to stop in order from
                    assert service.ends(signal.SIGTERM) == 0
                    remotes = [str(line["remote"]) for line in service.lines if line["event"] == "connected"]
                    assert remotes
                    assert all(remote.startswith("nats://") for remote in remotes)
            finally:
                server.kill()
