"""13.7: who may look at a node, by a socket and over TCP, and what strangers of its API get to see: nothing."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import socket
import stat
import tempfile
import warnings
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from admin_client import call
from administered import Blocks

from peerbus.node import Node
from peerbus.operate import Admin
from peerbus.operate.admin import ROUTES

#: One who is nobody's, on any system.
STRANGER = 65_534


# 13.7.1: another user of the machine.


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can go into, down from the root."""
    made = Path(tempfile.mkdtemp(prefix="peerbus-open-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def as_stranger(attempts: Sequence[Callable[[], object]]) -> list[str]:
    """Do these in a process of another user, and tell how each ended: the word of its error, or `done`."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the child does next to nothing
        child = os.fork()
    if not child:
        try:
            os.setgroups([])
            os.setgid(STRANGER)
            os.setuid(STRANGER)
            ends = []
            for attempt in attempts:
                try:
                    attempt()
                    ends.append("done")
                except OSError as error:
                    ends.append(errno.errorcode[error.errno or 0])
            os.write(writing, " ".join(ends).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said.split()


def connect(path: Path) -> Callable[[], None]:
    def attempt() -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as made:
            made.connect(str(path))

    return attempt


def take_the_place(path: Path) -> Callable[[], None]:
    def attempt() -> None:
        os.unlink(path)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as made:
            made.bind(str(path))

    return attempt


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
async def test_1_another_user_can_neither_open_the_socket_nor_read_the_token_nor_take_its_place(
    open_folder: Path,
) -> None:
    free = open_folder / "free"
    free.mkdir()
    free.chmod(0o1777)  # as /tmp: whoever may make files there may take nobody else's
    for folder in (open_folder, free):
        path, token = folder / "alice.sock", folder / "token"
        by_socket, by_tcp = Admin(str(path)), Admin("http://127.0.0.1:0", token=token)
        async with Node("alice", extensions=[by_socket, by_tcp]):
            assert (await call(by_socket, "GET", "/livez")).status == 200
            attempts = [connect(path), lambda token=token: token.read_bytes(), take_the_place(path)]  # type: ignore[misc]
            assert as_stranger(attempts) == ["EACCES", "EACCES", "EPERM" if folder is free else "EACCES"]
            assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
async def test_1_a_socket_of_another_user_is_not_replaced(open_folder: Path) -> None:
    os.chmod(open_folder, 0o1777)  # noqa: S103  # as /tmp
    path = open_folder / "alice.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as theirs:
        theirs.bind(str(path))
        os.chown(path, STRANGER, STRANGER)
        with pytest.raises(Exception, match="another user's"):
            async with Node("alice", extensions=[Admin(str(path))]):
                pytest.fail("it took the socket of another user")


# 13.7.2: no token, another name, a page from elsewhere.


@dataclass
class Tcp:
    """A node whose API is at a port, and may steer."""

    node: Node
    admin: Admin
    token: str
    host: str


@pytest.fixture
def tcp(tmp_path: Path) -> Callable[[], contextlib.AbstractAsyncContextManager[Tcp]]:
    @asynccontextmanager
    async def made() -> AsyncIterator[Tcp]:
        token = tmp_path / "token"
        admin = Admin("http://127.0.0.1:0", token=token, write=True)
        async with Node("alice-of-7f3a", network="net-of-7f3a", reactors=[Blocks], extensions=[admin]) as node:
            assert admin.address is not None
            yield Tcp(node, admin, token.read_text().strip(), admin.address.removeprefix("http://"))

    return made


def strangers(to: Tcp) -> list[tuple[str, dict[str, str], int]]:
    """Who asks, with which headers, and what he is answered with."""
    right = {"Authorization": f"Bearer {to.token}", "Host": to.host}
    port = int(to.host.rpartition(":")[2])
    return [
        ("no token", {"Host": to.host}, 401),
        ("an empty one", {"Host": to.host, "Authorization": "Bearer "}, 401),
        ("a wrong one", {"Host": to.host, "Authorization": f"Bearer {to.token[:-1]}x"}, 401),
        ("a longer one", {"Host": to.host, "Authorization": f"Bearer {to.token}x"}, 401),
        ("another scheme", {"Host": to.host, "Authorization": f"Basic {to.token}"}, 401),
        ("it as a cookie", {"Host": to.host, "Cookie": f"token={to.token}"}, 401),
        ("a name that was made to lead here", {"Host": f"evil.example:{port}"}, 421),
        ("that, with the token", {**right, "Host": f"evil.example:{port}"}, 421),
        ("another port", {**right, "Host": f"127.0.0.1:{port + 1}"}, 421),
        ("no name", {**right, "Host": ""}, 421),
        ("a page from elsewhere", {**right, "Origin": "http://evil.example"}, 403),
        ("a page of no place", {**right, "Origin": "null"}, 403),
        ("a page of another port", {**right, "Origin": f"http://127.0.0.1:{port + 1}"}, 403),
        ("a page of another scheme", {**right, "Origin": f"https://127.0.0.1:{port}"}, 403),
        ("a page that says so", {**right, "Sec-Fetch-Site": "cross-site"}, 403),
        ("a page of the same site", {**right, "Sec-Fetch-Site": "same-site"}, 403),
    ]


async def test_2_whatever_a_stranger_asks_for_the_answer_is_the_same_and_nothing_happens(
    tcp: Callable[[], contextlib.AbstractAsyncContextManager[Tcp]],
) -> None:
    async with tcp() as to:
        asked = [(route.verb, re.sub(r"\{\w+\}", "alice", route.path)) for route in ROUTES]
        asked += [
            ("GET", "/v1/nothing"),
            ("GET", "/v1/actors/nobody"),
            ("PATCH", "/v1/node"),
            ("GET", "/%2e%2e/v1/node"),
        ]
        for who, headers, status in strangers(to):
            answers = set()
            for verb, path in asked:
                answered = await call(to.admin, verb, path, None if verb == "GET" else {}, **headers)
                assert answered.status == status, (who, verb, path)
                answers.add(answered.body)
            (body,) = answers
            assert to.node.node_id.encode() not in body
            assert to.token.encode() not in body
        right = {"Authorization": f"Bearer {to.token}", "Host": to.host}
        assert (await call(to.admin, "GET", "/v1/bans", **right)).json == []
        assert (await call(to.admin, "GET", "/v1/node", **right)).json["ready"]["ready"] is True


async def test_2_the_page_that_strangers_may_read_holds_nothing_of_the_node(
    tcp: Callable[[], contextlib.AbstractAsyncContextManager[Tcp]],
) -> None:
    async with tcp() as to:
        page = await call(to.admin, "GET", "/", Host=to.host)
        for secret in (to.token, to.node.node_id, to.node.name, to.node.network):
            assert secret.encode() not in page.body
        assert (await call(to.admin, "GET", "/", Host="evil.example")).status == 421
