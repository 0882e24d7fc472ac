"""Where an admin API is, and what is said at the head of each request there."""

from __future__ import annotations

from pathlib import Path

import pytest

from peerbus.actors import ConfigError
from peerbus.operate.client import AdminTarget
from peerbus.operate.places import SocketPlace, TcpPlace


def test_over_tcp_the_token_goes_with_each_request_and_is_never_shown() -> None:
    target = AdminTarget(TcpPlace("127.0.0.1", 7401, False), "s" * 16)
    assert ("authorization", f"Bearer {'s' * 16}") in target.headers()
    assert ("host", "127.0.0.1:7401") in target.headers()
    assert "ssss" not in f"{target} {target!r}"
    assert target.tls() is None


def test_at_a_socket_there_is_no_token() -> None:
    target = AdminTarget(SocketPlace(Path("/run/a.sock")))
    assert dict(target.headers()).keys() == {"host", "accept"}
    assert str(target) == "unix:///run/a.sock"


def test_tcp_without_a_token_is_refused_before_anything_is_asked() -> None:
    with pytest.raises(ConfigError, match="--token FILE"):
        AdminTarget(TcpPlace("127.0.0.1", 7401, False))


def test_certificates_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    target = AdminTarget(TcpPlace("127.0.0.1", 7401, True), "s" * 16, tmp_path / "none.pem")
    with pytest.raises(ConfigError, match=r"none\.pem cannot be used"):
        target.tls()
