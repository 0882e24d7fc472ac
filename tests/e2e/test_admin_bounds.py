"""13.7.3: what is no HTTP, too long or too slow costs the admin API bounded memory, holds nobody up, and ends."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from admin_client import connected, read_answer, request
from administered import Blocks

from peerbus.node import Node
from peerbus.operate import Admin
from peerbus.operate.api.exchange import ApiAnswer
from peerbus.operate.serving.places import bind_socket
from peerbus.operate.serving.server import Bounds, HttpRequest, HttpServer

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
