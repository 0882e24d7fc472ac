"""Whoever has no token, a wrong one, another name of this node, or a page from elsewhere, is refused."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from peerbus.actors import ConfigError
from peerbus.operate.api.exchange import ApiError, Permission
from peerbus.operate.serving.access import Entrance, read_token

TOKEN = "a-token-of-some-length"
TCP = Entrance(Permission.READ, TOKEN, frozenset({"127.0.0.1:7401", "localhost:7401"}))
GOOD = {"host": "localhost:7401", "authorization": f"Bearer {TOKEN}"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"authorization": ""}, 401),
        ({"authorization": "Bearer wrong"}, 401),
        ({"authorization": f"Basic {TOKEN}"}, 401),
        ({"authorization": "Bearer ümlaut"}, 401),
        ({"host": "evil.example:7401"}, 421),
        ({"host": ""}, 421),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "https://localhost:7401"}, 403),
    ],
)
def test_over_tcp_a_caller_has_the_token_and_comes_by_our_name(headers: dict[str, str], status: int) -> None:
    with pytest.raises(ApiError) as refused:
        TCP.check({**GOOD, **headers}, Permission.READ)
    assert refused.value.status == status
    assert TOKEN not in str(refused.value)


@pytest.mark.parametrize(
    ("sent", "why"), [({"authorization": "Bearer wrong"}, "that is not the token"), ({}, "send the token")]
)
def test_who_sends_a_wrong_token_is_told_another_thing_than_who_sends_none(sent: dict[str, str], why: str) -> None:
    with pytest.raises(ApiError, match=why):
        TCP.check({"host": "localhost:7401", **sent}, Permission.READ)


def test_one_that_has_it_looks_and_does_not_steer_unless_that_was_said() -> None:
    TCP.check(GOOD, Permission.READ)
    TCP.check({**GOOD, "origin": "http://localhost:7401"}, Permission.READ)
    with pytest.raises(ApiError, match="looking only"):
        TCP.check(GOOD, Permission.WRITE)
    Entrance(Permission.WRITE, TOKEN, TCP.hosts).check(GOOD, Permission.WRITE)


def test_a_socket_needs_no_token_and_lets_no_page_of_a_browser_in() -> None:
    socket = Entrance(Permission.WRITE)
    socket.check({"host": "anything"}, Permission.WRITE)
    with pytest.raises(ApiError, match="browser"):
        socket.check({"origin": "http://localhost"}, Permission.READ)


def test_a_token_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "token"
    token = read_token(path)
    assert len(token) >= 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_token(path) == token


@pytest.mark.parametrize(
    ("text", "mode", "why"),
    [(TOKEN, 0o644, "read by others"), ("short", 0o600, "no word"), ("two words of some length", 0o600, "no word")],
)
def test_a_token_that_others_read_or_guess_is_refused(tmp_path: Path, text: str, mode: int, why: str) -> None:
    path = tmp_path / "token"
    path.write_text(text)
    os.chmod(path, mode)
    with pytest.raises(ConfigError, match=why) as refused:
        read_token(path)
    assert text not in str(refused.value)


def test_a_token_in_a_folder_that_is_not_there_cannot_be_made(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be made"):
        read_token(tmp_path / "nowhere" / "token")
