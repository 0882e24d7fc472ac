"""What a file says of places: endpoints, filters of addresses, interfaces that may come later."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from peerbus.actors import ConfigError
from peerbus.discovery.records import AddressFilter
from peerbus.node.config.config import NodeConfig, parse_config
from peerbus.node.config.places import from_outside, interface_of
from peerbus.transports import Endpoint


def config(line: str) -> NodeConfig:
    return parse_config(f"name = 'alice'\nnetwork = 'demo'\n{line}\n", name="alice.toml", folder=Path())


def test_endpoints_and_filters_stand_beside_each_other() -> None:
    said = config("advertise = ['tcp://alice.example:443', 'eth*', '!10.0.0.0/8']").advertise
    assert said == (Endpoint("tcp", "alice.example", 443), AddressFilter("eth*"), AddressFilter("!10.0.0.0/8"))


@pytest.mark.parametrize("wrong", ["10.0.0.0/99", "eth 0", "host:7400", "!tcp://a:1", ""])
def test_what_is_neither_is_refused_with_what_would_be_right(wrong: str) -> None:
    with pytest.raises(ConfigError, match=r"alice\.toml:3: advertise\[0\]"):
        config(f"advertise = ['{wrong}']")


def test_one_place_is_listened_at_once() -> None:
    with pytest.raises(ConfigError, match=r"listen\[1\]: tcp://0\.0\.0\.0:7400 is there twice"):
        config("listen = ['tcp://0.0.0.0:7400', 'tcp://0.0.0.0:7400']")
    assert len(config("listen = ['tcp://127.0.0.1:0', 'tcp://127.0.0.1:0']").listen) == 2


def test_one_address_is_not_listened_at_beside_all_of_them() -> None:
    with pytest.raises(
        ConfigError, match=r"listen\[1\]: tcp://0\.0\.0\.0:7400 listens at tcp://127\.0\.0\.1:7400 as well"
    ):
        config("listen = ['tcp://0.0.0.0:7400', 'tcp://127.0.0.1:7400']")
    with pytest.raises(ConfigError, match=r"listen\[0\]: tcp://\[::\]:7400 listens at"):
        config("listen = ['tcp://[::1]:7400', 'tcp://[::]:7400']")
    for other in ("127.0.0.1:7401", "[::1]:7400", "localhost:7400"):
        assert len(config(f"listen = ['tcp://0.0.0.0:7400', 'tcp://{other}']").listen) == 2
    assert len(config("listen = ['tcp://0.0.0.0:0', 'tcp://127.0.0.1:0']").listen) == 2


@pytest.mark.parametrize("key", ["listen", "advertise", "peers.persistent", "peers.seeds"])
def test_a_path_that_is_too_long_for_a_socket_is_refused(key: str) -> None:
    with pytest.raises(
        ConfigError, match=rf"{key}\[0\]: the path has 125 bytes, a socket's has at most 107; for example"
    ):
        config(f"{key} = ['unix:///tmp/{'x' * 120}']")


def test_a_socket_is_listened_at_where_one_can_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind("there")
    place = "/proc/self/cwd" if os.path.exists("/proc/self/cwd") else str(tmp_path)
    for name in ("new", "there"):  # one that was left behind is replaced
        assert len(config(f"listen = ['unix://{place}/{name}']").listen) == 1
    for name, problem in (("none/new", "the folder .*none does not exist"), ("file", "something that is no socket")):
        with pytest.raises(ConfigError, match=rf"listen\[0\]: unix://{place}/{name}: {problem}"):
            config(f"listen = ['unix://{place}/{name}']")


def test_an_interface_that_is_not_here_yet_may_be_named() -> None:
    assert (interface_of("wlan7"), interface_of("192.168.1.7")) == ("wlan7", "192.168.1.7")
    with pytest.raises(ValueError, match="neither an IP address nor the name of an interface"):
        interface_of("10.0.0.0/8")


@pytest.mark.parametrize(
    ("text", "outside"),
    [
        ("tcp://127.0.0.1:0", False),
        ("tcp://[::1]:7400", False),
        ("tcp://localhost:0", False),
        ("unix:///run/a.sock", False),
        ("tcp://0.0.0.0:0", True),
        ("tcp://10.0.0.1:7400", True),
        ("tcp://node.example.org:7400", True),
    ],
)
def test_who_gets_to_a_listener_goes_by_its_host(text: str, outside: bool) -> None:
    assert from_outside(Endpoint.parse(text)) is outside
