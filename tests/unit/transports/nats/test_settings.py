"""`[transports.nats]`: what is read, and what is refused with its cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from peerbus.actors.base import ConfigError
from peerbus.transports.nats.nats_transport import NatsServer
from peerbus.transports.nats.settings import read_settings, server_of


def test_servers_and_a_login_are_read(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret")
    (tmp_path / "token").chmod(0o600)
    found = read_settings({"servers": ["nats://a", "b:7", "[::1]:4222"], "token_file": "token"}, tmp_path)
    assert found.servers == (NatsServer("a", 4222), NatsServer("b", 7), NatsServer("::1", 4222))
    assert found.login.token == "s3cret"
    assert found.tls is None
    assert read_settings({"tls": True}, tmp_path).tls is not None


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({"server": "a"}, "server is no key"),
        ({"servers": "a"}, "no list"),
        ({"servers": ["a b"]}, "neither an IP address nor"),
        ({"servers": [7]}, "servers: 7"),
        ({"user": 7}, "no text"),
        ({"tls": "yes"}, "neither true nor false"),
        ({"tls_authority": "nowhere.pem"}, "nowhere.pem"),
        ({"token_file": "nowhere"}, "nowhere"),
    ],
)
def test_what_is_wrong_is_named(table: dict[str, object], why: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=why):
        read_settings(table, tmp_path)


@pytest.mark.parametrize("text", ["", "nats://", "a:0", "a:b", "a/b"])
def test_what_is_no_server_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"host|port"):
        server_of(text)
