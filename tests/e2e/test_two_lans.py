"""Two LANs as docs/deploy.md has them: a gateway in each, which alone is reached from the other one."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from services import Service

from peerbus.transports import Identity

DEPLOY = Path(__file__).resolve().parents[2] / "examples" / "deploy"
#: Hosts by name: its LAN, and its number there.
HOSTS = {"office-gateway": (1, 10), "office-member": (1, 11), "home-gateway": (2, 10), "home-member": (2, 11)}
#: Seconds that one command may take; each takes milliseconds.
COMMAND = 10


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=COMMAND)


def _space(name: str) -> str:
    return f"pb{os.getpid():x}{name}"


def _up() -> None:
    """A router between two bridges, which passes on to the other side what is for its gateway, or comes from it."""
    router = _space("router")
    _run("ip", "netns", "add", router)
    _run("ip", "netns", "exec", router, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
    words: tuple[str, ...]
    for lan in (1, 2):
        bridge = ("link", "add", f"br{lan}", "type", "bridge", "mcast_snooping", "0", "forward_delay", "0")
        for words in (
            bridge,
            ("link", "set", f"br{lan}", "up"),
            ("addr", "add", f"192.168.{lan}.1/24", "dev", f"br{lan}"),
        ):
            _run("ip", "-n", router, *words)
    for lan, other in ((1, 2), (2, 1)):
        table = str(100 + lan)
        for words in (
            ("route", "add", f"192.168.{other}.10/32", "dev", f"br{other}", "table", table),
            ("route", "add", "unreachable", "default", "table", table),
            ("rule", "add", "iif", f"br{lan}", "from", f"192.168.{lan}.10", "lookup", "main", "priority", "100"),
            ("rule", "add", "iif", f"br{lan}", "to", f"192.168.{other}.0/24", "lookup", table, "priority", "101"),
        ):
            _run("ip", "-n", router, *words)
    for name, (lan, number) in HOSTS.items():
        space, wire = _space(name), f"v{lan}x{number}"
        _run("ip", "netns", "add", space)
        _run("ip", "-n", router, "link", "add", wire, "type", "veth", "peer", "name", "eth0", "netns", space)
        _run("ip", "-n", router, "link", "set", wire, "master", f"br{lan}", "up")
        for words in (
            ("link", "set", "lo", "up"),
            ("link", "set", "eth0", "up"),
            ("addr", "add", f"192.168.{lan}.{number}/24", "dev", "eth0"),
            ("route", "add", "default", "via", f"192.168.{lan}.1"),
        ):
            _run("ip", "-n", space, *words)


def _down() -> None:
    for name in ("router", *HOSTS):
        pids = subprocess.run(
            ("ip", "netns", "pids", _space(name)), check=False, capture_output=True, text=True, timeout=COMMAND
        )
        for pid in pids.stdout.split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        subprocess.run(("ip", "netns", "del", _space(name)), check=False, capture_output=True, timeout=COMMAND)


@pytest.fixture
def lans() -> Iterator[None]:
    """Both, for the time of a test."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    if shutil.which("ip") is None:
        pytest.skip("network namespaces need 'ip' (apt install iproute2)")
    try:
        try:
            _up()
        except subprocess.CalledProcessError as error:
            pytest.skip(f"this machine makes no such networks: {' '.join(error.cmd)}: {error.stderr.strip()}")
        yield
    finally:
        _down()


@pytest.fixture
def services() -> Iterator[list[Service]]:
    """Those that a test starts: they are ended with it."""
    started: list[Service] = []
    yield started
    for service in started:
        service.close()


@pytest.mark.usefixtures("lans")
def test_each_node_reaches_its_lan_and_the_gateway_of_the_other(tmp_path: Path, services: list[Service]) -> None:
    shutil.copy(DEPLOY / "greeter.py", tmp_path)
    ids: dict[str, str] = {}
    for name in HOSTS:
        identity = Identity.generate()
        identity.save(tmp_path / f"{name}.pem")
        ids[name] = identity.node_id
    meanings = {
        "OFFICE_ID": ids["office-gateway"],
        "HOME_ID": ids["home-gateway"],
        "office.example.org": "192.168.1.10",  # what a name server would say
        "home.example.org": "192.168.2.10",
    }
    running: dict[str, Service] = {}
    for name in HOSTS:
        file = name if "gateway" in name else "member"
        text = (DEPLOY / "two-lans" / f"{file}.toml").read_text(encoding="utf-8")
        for word, meaning in meanings.items():
            text = text.replace(word, meaning)
        config = tmp_path / f"{name}.toml"
        config.write_text(text)
        here = {"name": name, "identity": f"{name}.pem", "book": f"{name}.db"}
        settings = [word for key, value in here.items() for word in ("--set", f"{key}={value}")]
        command = [sys.executable, "-W", "error", "-m", "peerbus", "run", str(config), "--json-logs", *settings]
        running[name] = Service(["ip", "netns", "exec", _space(name), *command], {}, tmp_path)
        services.append(running[name])
    reached = {
        "office-gateway": {"office-member", "home-gateway", "home-member"},
        "office-member": {"office-gateway", "home-gateway"},
        "home-gateway": {"home-member", "office-gateway", "office-member"},
        "home-member": {"home-gateway", "office-gateway"},
    }
    for name, peers in reached.items():
        for peer in peers:
            running[name].logged("connected", partial(_is, ids[peer]))
    for one, other in (("office-member", "home-member"), ("home-member", "office-member")):
        assert not [line for line in running[one].lines if line["event"] == "connected" and _is(ids[other], line)]
    for service in services:
        service.logged("node up")  # what it can be told to stop in order from
        assert service.ends(signal.SIGTERM) == 0


def _is(node_id: str, line: dict[str, Any]) -> bool:
    """The line tells of that peer; the log has the beginning of an id."""
    return node_id.startswith(str(line["peer"]).rstrip("…"))
