"""Multicast DNS between hosts, each a network namespace: with IPv6 alone, and a node that comes up on another host."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hosts import Hosts, hosts_of
from services import Service

from peerbus.discovery.mdns.presence import ONLY_LOOKS
from peerbus.transports import Identity

CONFIG = """
name = "{name}"
network = "mdns-hosts"
identity = "{key}"
listen = ["{listen}"]
[discovery]
mdns = true
[admin]
enabled = false
"""


@pytest.fixture
def started() -> Iterator[list[Service]]:
    """Nodes that a test starts: they are ended with it."""
    services: list[Service] = []
    yield services
    for service in services:
        service.close()


def start(hosts: Hosts, number: int, name: str, key: str, listen: str, folder: Path) -> Service:
    if not (folder / key).exists():
        Identity.generate().save(folder / key)
    config = folder / f"{name}.toml"
    config.write_text(CONFIG.format(name=name, key=key, listen=listen))
    command = [sys.executable, "-W", "error", "-m", "peerbus", "run", str(config), "--json-logs"]
    return Service(["ip", "netns", "exec", hosts.name(number), *command], {}, folder)


def _is_of(name: str, line: dict[str, Any]) -> bool:
    return bool(line.get("name") == name)


def six_only(hosts: Hosts) -> None:
    """No host has an IPv4 address; each has the link-local one of IPv6, at once."""
    for number in hosts.numbers:
        hosts.ip(number, "-4", "addr", "flush", "dev", "eth0")
        hosts.ip(number, "link", "set", "eth0", "addrgenmode", "none")
        hosts.ip(number, "-6", "addr", "flush", "dev", "eth0")
        hosts.ip(number, "addr", "add", f"fe80::{number}/64", "dev", "eth0", "nodad")


@pytest.mark.timeout(120)  # processes on a machine that may be busy
def test_nodes_of_hosts_with_ipv6_alone_find_each_other_and_one_that_listens_elsewhere_is_told(
    tmp_path: Path, started: list[Service]
) -> None:
    with hosts_of(3) as hosts:
        six_only(hosts)
        names = {1: "alice", 2: "bob", 3: "carol"}
        for number, name in names.items():
            every = "0.0.0.0" if name == "carol" else "[::]"  # noqa: S104  # namespaces of their own
            started.append(start(hosts, number, name, f"{name}.pem", f"tcp://{every}:7400", tmp_path))
        alice, bob, carol = started
        for service in started:
            service.logged("node up")
        assert "fe80::" in str(alice.logged("connected", partial(_is_of, "bob"))["remote"])
        assert bob.logged("connected", partial(_is_of, "carol"))["dialed"] is False  # carol finds others all the same
        assert 'listen = ["tcp://[::]:7400"]' in str(carol.logged(ONLY_LOOKS)["hint"])
        for service in started:
            assert service.ends(signal.SIGTERM) == 0


@pytest.mark.timeout(120)
def test_a_node_that_was_killed_is_found_where_it_comes_up_again_under_the_name_that_is_still_known(
    tmp_path: Path, started: list[Service]
) -> None:
    every = "tcp://0.0.0.0"
    with hosts_of(3) as hosts:
        carol = start(hosts, 3, "carol", "carol.pem", f"{every}:7400", tmp_path)
        alice = start(hosts, 1, "alice", "alice.pem", f"{every}:7401", tmp_path)
        started += [carol, alice]
        first = carol.logged("connected", partial(_is_of, "alice"))
        assert "@10.99.0.1:" in str(first["remote"])  # its port is another where alice dialed
        alice.process.kill()  # it says no goodbye: for more than an hour its record is what others know
        moved = start(hosts, 2, "moved", "alice.pem", f"{every}:7402", tmp_path)
        started.append(moved)
        again = carol.logged("connected", lambda line: _is_of("moved", line) and "@10.99.0.2:" in line["remote"])
        assert again["peer"] == first["peer"]
