"""A socket is its owner's alone, replaces only what nobody listens at, and leaves nothing behind."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest

from peerbus.actors import ConfigError
from peerbus.operate.serving import places
from peerbus.operate.serving.places import (
    LONGEST,
    SocketPlace,
    TcpPlace,
    bind_socket,
    default_socket,
    place_of,
    remove_socket,
)


@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_a_socket_has_mode_0600_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "new" / "a.sock"
    before = os.umask(umask)
    try:
        made = bind_socket(path)
    finally:
        os.umask(before)
    with made:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_one_that_was_left_behind_is_replaced_and_one_that_is_used_is_not(tmp_path: Path) -> None:
    path = tmp_path / "a.sock"
    bind_socket(path).close()
    with bind_socket(path) as made:
        made.listen()
        with pytest.raises(ConfigError, match="listens at"):
            bind_socket(path)


def test_what_is_no_socket_or_another_users_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.sock"
    path.write_text("a file")
    with pytest.raises(ConfigError, match="no socket"):
        bind_socket(path)
    assert path.read_text() == "a file"
    path.unlink()
    bind_socket(path).close()
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000)
    monkeypatch.setattr(places, "_check_folder", lambda _: None)
    with pytest.raises(ConfigError, match="another user"):
        bind_socket(path)


def test_a_folder_that_others_can_write_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(ConfigError, match="written by others"):
        bind_socket(folder / "a.sock")
    folder.chmod(0o1777)
    bind_socket(folder / "a.sock").close()
    real = os.stat(tmp_path)
    if real.st_uid != 0:  # root's folders are everybody's
        monkeypatch.setattr(os, "geteuid", lambda: 4_000_000)
        with pytest.raises(ConfigError, match="another user"):
            bind_socket(tmp_path / "b.sock")


def test_a_path_that_is_too_long_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"{LONGEST} bytes at most"):
        bind_socket(tmp_path / ("x" * LONGEST))


def test_only_the_own_socket_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "a.sock"
    with bind_socket(path):
        made = os.lstat(path)
        remove_socket(path, (made.st_dev, made.st_ino + 1))
        assert path.exists()
        remove_socket(path, (made.st_dev, made.st_ino))
        assert not path.exists()
        remove_socket(path, (made.st_dev, made.st_ino))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("unix:///run/a.sock", SocketPlace(Path("/run/a.sock"))),
        ("a.sock", SocketPlace(Path("a.sock"))),
        ("http://127.0.0.1:7401", TcpPlace("127.0.0.1", 7401, False)),
        ("http://[::1]:7401/", TcpPlace("::1", 7401, False)),
        ("http://localhost:0", TcpPlace("localhost", 0, False)),
        ("https://0.0.0.0:7401", TcpPlace("0.0.0.0", 7401, True)),  # noqa: S104  # nothing listens there
    ],
)
def test_a_place_is_read(text: str, place: SocketPlace | TcpPlace) -> None:
    assert place_of(text) == place


@pytest.mark.parametrize(
    "text",
    ["", "unix://", "http://10.0.0.1:80", "http://example.com:80", "ftp://x:1", "http://127.0.0.1", "http://x:y"],
)
def test_no_place_and_one_that_would_show_the_token_are_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        place_of(text)


def test_a_place_of_tcp_is_called_by_its_address_and_as_localhost() -> None:
    assert TcpPlace("127.0.0.1", 0, False).names(7401) == {"127.0.0.1:7401", "localhost:7401"}
    assert TcpPlace("::1", 0, False).names(7401) == {"[::1]:7401", "localhost:7401"}
    assert TcpPlace("a.example", 443, True).names(443) == {"a.example:443", "a.example"}


def test_a_socket_is_in_the_runtime_folder_else_beside_the_configuration_else_the_users_own(tmp_path: Path) -> None:
    assert default_socket("a/b", {"XDG_RUNTIME_DIR": str(tmp_path)}) == tmp_path / "peerbus" / "a%2Fb.sock"
    assert default_socket("alice", {"XDG_RUNTIME_DIR": "/no/such"}, tmp_path) == tmp_path / "alice.sock"
    assert default_socket("alice", {}).name == "alice.sock"


def test_what_somebody_listens_at_without_answering_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.bind(str(path))
        with pytest.raises(ConfigError, match="listens at"):
            bind_socket(path)
