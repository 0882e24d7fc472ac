"""An admin API lives as long as its node, at a socket of its own or at a port with a token."""

from __future__ import annotations

import asyncio
import ssl
import stat
from pathlib import Path

import pytest
from admin_client import call, call_by
from administered import Place
from certificates import certificate_for, trusting

from peerbus.actors import ConfigError, PeerbusError
from peerbus.node import Node
from peerbus.operate import Admin


async def test_its_socket_is_the_owners_alone_and_goes_with_the_node(place: Place) -> None:
    assert place.admin.address == f"unix://{place.socket}"
    assert stat.S_IMODE(place.socket.stat().st_mode) == 0o600
    await place.node.aclose()
    assert not place.socket.exists()
    assert place.admin.address is None


async def test_over_tcp_a_token_is_asked_for_and_only_looking_is_allowed(tmp_path: Path) -> None:
    token = tmp_path / "token"
    admin = Admin("http://127.0.0.1:0", token=token)
    async with Node("alice", extensions=[admin]):
        assert admin.address is not None
        host = admin.address.removeprefix("http://")
        bearer = f"Bearer {token.read_text().strip()}"
        assert (await call(admin, "GET", "/v1/node", Host=host)).status == 401
        refused = await call(admin, "GET", "/nothing", Host=host)
        assert (refused.status, refused.headers["www-authenticate"]) == (401, "Bearer")
        assert (await call(admin, "GET", "/v1/node", Host=host, Authorization=bearer)).status == 200
        assert (await call(admin, "GET", "/v1/node", Host="evil.example", Authorization=bearer)).status == 421
        assert (await call(admin, "PUT", "/v1/drain", Host=host, Authorization=bearer)).json["error"] == "read_only"


async def test_over_tcp_a_token_is_made_where_the_socket_would_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    admin = Admin("http://127.0.0.1:0")
    async with Node("alice", extensions=[admin]):
        assert admin.address is not None
        token = (tmp_path / "peerbus" / "alice.token").read_text().strip()
        host = admin.address.removeprefix("http://")
        assert (await call(admin, "GET", "/v1/node", Host=host)).status == 401
        assert (await call(admin, "GET", "/v1/node", Host=host, Authorization=f"Bearer {token}")).status == 200
        assert "alice" not in (await call(admin, "GET", "/session", Host=host)).json["text"]


async def test_over_https_its_certificate_says_what_it_is_called(tmp_path: Path) -> None:
    token = tmp_path / "token"
    certificate, key = certificate_for(tmp_path, "alice.example", "*.nodes.example", "127.0.0.1")
    admin = Admin("https://127.0.0.1:0", token=token, certificate=certificate, key=key)
    tls = trusting(certificate)
    async with Node("alice", extensions=[admin]):
        assert admin.address is not None
        port = admin.address.rpartition(":")[2]
        bearer = f"Bearer {token.read_text().strip()}"
        for name, status in (
            ("127.0.0.1", 200),
            ("alice.example", 200),
            ("ALICE.example", 200),
            ("a.nodes.example", 200),
            ("a.b.nodes.example", 421),
            ("*.nodes.example", 421),
            ("evil.example", 421),
        ):
            host = f"{name}:{port}"
            answered = await call_by(tls, admin, "GET", "/v1/node", Host=host, Authorization=bearer)
            assert answered.status == status, name
        entered = await call_by(
            tls,
            admin,
            "POST",
            "/session",
            {},
            Host=f"127.0.0.1:{port}",
            Authorization=bearer,
            Origin=f"https://127.0.0.1:{port}",
        )
        assert entered.headers["set-cookie"].endswith("; Path=/; Secure")
        with pytest.raises(ssl.SSLError):
            await call_by(ssl.create_default_context(), admin, "GET", "/livez")
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await call(admin, "GET", "/livez")


async def test_a_socket_can_be_for_looking_only(tmp_path: Path) -> None:
    admin = Admin(str(tmp_path / "a.sock"), write=False)
    async with Node("alice", extensions=[admin]):
        assert (await call(admin, "GET", "/v1/node")).status == 200
        assert (await call(admin, "PUT", "/v1/drain")).status == 403


async def test_a_place_that_cannot_be_had_ends_the_start_unless_that_is_no_matter(tmp_path: Path) -> None:
    taken = tmp_path / "a.sock"
    taken.write_text("a file")
    with pytest.raises(ConfigError, match="no socket"):
        async with Node("alice", extensions=[Admin(str(taken))]):
            pytest.fail("it started")
    admin = Admin(str(taken), required=False)
    async with Node("alice", extensions=[admin]):
        assert admin.address is None
    assert taken.read_text() == "a file"


async def test_two_nodes_take_two(place: Place) -> None:
    with pytest.raises(PeerbusError, match="one node"):
        await place.admin.start(place.node)


async def test_two_nodes_at_one_place_are_refused(place: Place) -> None:
    with pytest.raises(ConfigError, match="listens at"):
        async with Node("bob", extensions=[Admin(str(place.socket))]):
            pytest.fail("it started")
    assert (await call(place.admin, "GET", "/livez")).status == 200


@pytest.mark.parametrize(
    ("at", "more", "why"),
    [
        (None, {"token": "t"}, "takes no token"),
        ("https://127.0.0.1:0", {"token": "t"}, "certificate and key"),
        ("http://127.0.0.1:0", {"token": "t", "certificate": "c", "key": "k"}, "certificate and key"),
        ("http://10.0.0.1:0", {"token": "t"}, "unencrypted"),
    ],
)
def test_arguments_that_do_not_go_together_are_refused(at: str | None, more: dict[str, str], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        Admin(at, **more)  # type: ignore[arg-type]  # these are paths
