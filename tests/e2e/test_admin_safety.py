"""13.7: who may look at a node, what strangers of its API can make it do, and what is shown to nobody."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import itertools
import logging
import os
import re
import shutil
import socket
import stat
import tempfile
import tracemalloc
import warnings
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from admin_client import call, connected, read_answer, request
from administered import Blocks

from peerbus.actors import LOCAL, Channel, Message, Reactor, RemoteError, Role, SendError, handles
from peerbus.node import Node
from peerbus.operate import Admin
from peerbus.operate.admin import ROUTES
from peerbus.operate.api.exchange import ApiAnswer
from peerbus.operate.serving.places import bind_socket
from peerbus.operate.serving.server import Bounds, HttpRequest, HttpServer
from peerbus.transports import Identity

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
    free.chmod(0o1777)  # as /tmp: who may make files there may take nobody else's
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


# 13.7.3: what is no HTTP, too long, too slow.

LONG = b"x" * 65_536


def endless(begin: bytes, piece: bytes, times: int = 32) -> Iterator[bytes]:
    yield begin
    yield from itertools.repeat(piece, times)  # 2 MB, of which a bounded part is kept


def attacks() -> dict[str, Callable[[], Iterator[bytes]]]:
    post = b"POST /v1/dials HTTP/1.1\r\nHost: a\r\n"
    chunked = post + b"Transfer-Encoding: chunked\r\n\r\n"
    return {
        "a line without an end": lambda: endless(b"GET /", LONG),
        "headers without an end": lambda: endless(b"GET / HTTP/1.1\r\n", b"a: b\r\n" * 8_192),
        "one header without an end": lambda: endless(b"GET / HTTP/1.1\r\na: ", LONG),
        "a body of 1 TB": lambda: endless(post + b"Content-Length: 1000000000000\r\n\r\n", LONG),
        "chunks without an end": lambda: endless(chunked, b"8000\r\n" + b"x" * 0x8000 + b"\r\n"),
        "chunks of a byte": lambda: endless(chunked, b"1\r\nx\r\n" * 8_192),
        "the size of a chunk without an end": lambda: endless(chunked + b"1;", LONG),
        "trailers without an end": lambda: endless(chunked + b"0\r\n", b"a: b\r\n" * 8_192),
        "requests and no look at the answers": lambda: endless(b"", request("GET", "/v1/actors") * 100, 10_000),
        "no HTTP": lambda: endless(b"", bytes(65_536)),
        "TLS": lambda: endless(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", LONG),
        "HTTP/2": lambda: endless(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", LONG),
        "nothing": lambda: iter(()),
        "half a request": lambda: iter((b"GET /livez HTT",)),
        "half a body": lambda: iter((post + b"Content-Length: 100\r\n\r\n" + b"x" * 50,)),
    }


async def attack(path: Path, pieces: Iterator[bytes]) -> int:
    """Send until the node has had enough of it; returns how many bytes it took."""
    loop, sent = asyncio.get_running_loop(), 0
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as made:
        made.setblocking(False)
        await loop.sock_connect(made, str(path))
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                await loop.sock_sendall(made, piece)
                sent += len(piece)
            while await loop.sock_recv(made, 65_536):
                pass
    return sent


@pytest.mark.parametrize("name", attacks())
async def test_3_what_is_no_http_or_too_long_or_too_slow_ends_and_costs_bounded_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for bound in ("IDLE", "REQUEST", "ANSWER"):
        monkeypatch.setattr(Bounds, bound, 0.3)
    path, callers = tmp_path / "alice.sock", 2
    async with Node("alice", reactors=[Blocks], extensions=[Admin(str(path))]):
        tracemalloc.start()
        try:
            await attack(path, iter(()))
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            async with asyncio.timeout(60):
                await asyncio.gather(*(attack(path, attacks()[name]()) for _ in range(callers)))
            grown = tracemalloc.get_traced_memory()[1] - before
        finally:
            tracemalloc.stop()
        # A body may be as long as BODY, in a buffer that has grown by halves; all else is below some heads.
        assert grown < callers * (2 * Bounds.BODY + 16 * Bounds.HEAD), grown


async def test_3_a_byte_now_and_then_is_too_slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Bounds, "REQUEST", 0.2)
    admin = Admin(str(tmp_path / "alice.sock"))
    async with Node("alice", extensions=[admin]), connected(admin) as (reader, writer), asyncio.timeout(60):
        closed = asyncio.ensure_future(reader.read())
        with contextlib.suppress(ConnectionError):
            while not closed.done():
                writer.write(b"G")
                await writer.drain()
                await asyncio.wait([closed], timeout=0.01)
        await asyncio.gather(closed, return_exceptions=True)


async def test_3_what_comes_in_one_piece_does_not_hold_the_loop(tmp_path: Path) -> None:
    turns: list[int] = []
    handled = 0

    async def handle(received: HttpRequest) -> ApiAnswer:
        nonlocal handled
        await received.body()
        handled += 1
        return ApiAnswer(200, b"")

    async def look() -> None:
        while True:
            turns.append(handled)
            await asyncio.sleep(0)

    server, path = HttpServer(handle), tmp_path / "socket"
    await server.start(bind_socket(path))
    looking = asyncio.create_task(look())
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as made:
        made.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(made, str(path))
        await loop.sock_sendall(made, request("GET", "/") * 100)
        while handled < 100 and await loop.sock_recv(made, 65_536):
            pass
    looking.cancel()
    await server.aclose()
    assert max(later - sooner for sooner, later in itertools.pairwise(turns)) == 1


async def test_3_a_body_of_very_many_pieces_is_refused(tmp_path: Path) -> None:
    admin = Admin(str(tmp_path / "alice.sock"))
    async with Node("alice", extensions=[admin]), connected(admin) as (reader, writer):
        head = b"POST /v1/dials HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        writer.write(head + b"1\r\nx\r\n" * (Bounds.PIECES + 1) + b"0\r\n\r\n")
        answered = await read_answer(reader)
        assert (answered.status, answered.json["error"]) == (413, "too_large")


# 13.7.5: what is shown to nobody: keys, tokens, and what messages say.

#: Stands in each message, answer, error and secret; and in nothing that is shown.
CANARY = "canary-5c1e"


class Note(Message):
    text: str


class Never(Message):
    text: str


class Birds(Reactor):
    channel = Channel("birds", messages=(Note, Never), mailbox=2)

    @handles(Note)
    async def note(self, note: Note) -> str:
        match note.text.partition(" ")[2]:
            case "raises":
                raise ValueError(note.text)
            case "refuses":
                raise RemoteError("refused", note.text)
            case "wrong":
                return 7  # type: ignore[return-value]  # on purpose
        return note.text

    @handles(Never)
    async def never(self, never: Never) -> None:
        await asyncio.Event().wait()


async def sing(node: Node) -> None:
    """Send what is answered, fails, is dropped, waits, and is never read, all with the canary in it."""
    for what in ("answers", "raises", "refuses", "wrong"):
        with contextlib.suppress(RemoteError, SendError):
            await node.ask(LOCAL / "birds", Note(f"{CANARY} {what}"), reply=str, timeout=20.0)
    with contextlib.suppress(SendError):
        await node.tell(LOCAL / "birds", f"{CANARY} of no channel")
    with contextlib.suppress(SendError):
        await node.tell(LOCAL / "nobody", Note(CANARY))
    await node.tell(LOCAL / "birds", Note(f"{CANARY} raises"))


async def test_5_no_key_token_or_content_is_in_any_answer_event_metric_page_or_log_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    identity, token = Identity.generate(), tmp_path / "token"
    token.write_text(f"{CANARY}-token-of-the-node\n")
    token.chmod(0o600)
    admins = [Admin(str(tmp_path / "alice.sock")), Admin("http://127.0.0.1:0", token=token)]
    shown: dict[str, bytes] = {}
    async with (
        Node("bob", listen=["tcp://127.0.0.1:0"], offers={"birds"}, reactors=[Birds], shutdown_timeout=0.1) as bob,
        Node(
            "alice",
            identity=identity,
            peers=bob.endpoints,
            reactors=[Birds],
            extensions=admins,
            shutdown_timeout=0.1,
        ) as alice,
    ):
        await sing(alice)
        # What stands in queues, here and on the way to a peer.
        waiting = [asyncio.ensure_future(alice.ask(LOCAL / "birds", Never(CANARY), timeout=60.0)) for _ in range(6)]
        far = Role("birds") / "birds"
        waiting += [
            asyncio.ensure_future(alice.ask(far, Never(CANARY), timeout=60.0, wait_for_peer=True)) for _ in range(6)
        ]
        for _ in range(20):
            await asyncio.sleep(0)
        body = {"to": "bus://local/birds", "type": "Note", "message": {"text": CANARY}, "timeout": 0.05}
        await call(admins[0], "POST", "/v1/ask", body)
        await call(admins[0], "POST", "/v1/tell", {**body, "message": {"text": 7, CANARY: CANARY}})
        for route in ROUTES:
            if route.verb != "GET":
                continue
            path = re.sub(r"\{\w+\}", "birds" if "actors" in route.path else bob.node_id, route.path)
            if route.media == "text/event-stream":
                path += "?follow=false" if "follow" in {each.name for each in route.query} else ""
            shown[path] = await all_of(admins[0], path)
        port = admins[1].address
        assert port is not None
        shown["/"] = (await call(admins[1], "GET", "/", Host=port.removeprefix("http://"))).body
        for future in waiting:
            future.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    assert len(shown) > 15
    identity.save(tmp_path / "key.pem")
    secrets = [CANARY, (tmp_path / "key.pem").read_text().splitlines()[1]]
    for place, text in shown.items():
        for secret in secrets:
            assert secret.encode() not in text, f"{place} shows {secret}: {text[:2000]!r}"
    for record in caplog.records:
        # What a handler has raised is the program's own to say: its text, and the traceback, stand in the log.
        said = "" if record.getMessage().startswith("handler failed") else record.getMessage()
        for secret in secrets:
            assert secret not in said


async def all_of(admin: Admin, path: str) -> bytes:
    """What is answered; of what goes on for ever the beginning."""
    async with asyncio.timeout(30), connected(admin) as (reader, writer):
        writer.write(request("GET", path))
        head = await reader.readuntil(b"\r\n\r\n")
        found = re.search(rb"content-length: (\d+)", head.lower())
        return await (reader.readexactly(int(found[1])) if found else reader.read(1 << 20))
