"""Where an admin API is, and what is said at the head of each request there."""

from __future__ import annotations

from pathlib import Path

import pytest
from certificates import certificate_for

from peerbus.actors import ConfigError
from peerbus.node import Node
from peerbus.operate import Admin
from peerbus.operate.client import AdminClient, AdminTarget, NodeNotReached, find_node
from peerbus.operate.serving.places import SocketPlace, TcpPlace


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


async def test_over_https_a_certificate_is_trusted_where_it_is_named_and_not_else(tmp_path: Path) -> None:
    certificate, key = certificate_for(tmp_path, "127.0.0.1")
    token = tmp_path / "token"
    admin = Admin("https://127.0.0.1:0", token=token, certificate=certificate, key=key)
    async with Node("alice", extensions=[admin]):
        target = await find_node(admin.address, token=token, authority=certificate)
        async with AdminClient(target) as client:
            assert (await client.node()).name == "alice"
        async with AdminClient(await find_node(admin.address, token=token)) as client:
            with pytest.raises(NodeNotReached, match=r"not trusted: .*--authority FILE names one"):
                await client.node()
