"""Requests on one connection, and what is said where it breaks."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from pathlib import Path

import pytest
from admin_client import PATIENCE
from administered import Place

from peerbus.operate.client import AdminTarget, AnswerMalformed, NodeNotReached
from peerbus.operate.client.http_client import HttpConnection
from peerbus.operate.serving.places import SocketPlace, TcpPlace

Plays = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def played(path: Path, plays: Plays) -> AsyncIterator[HttpConnection]:
    """A connection to somebody who behaves like that."""

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await plays(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_unix_server(play, str(path))
    async with server:
        connection = await HttpConnection.open(AdminTarget(SocketPlace(path)), PATIENCE)
        try:
            yield connection
        finally:
            await connection.aclose()


async def get(connection: HttpConnection, seconds: float = PATIENCE) -> bytes:
    return (await connection.request("GET", "/livez", None, (), seconds)).body


async def test_requests_go_one_after_the_other_over_one_connection(place: Place) -> None:
    connection = await HttpConnection.open(AdminTarget(SocketPlace(place.socket)), PATIENCE)
    assert [await get(connection), await get(connection)] == [b"ok\n", b"ok\n"]
    answer = await connection.request("PUT", "/v1/bans/10.0.0.1", b"{}", (), PATIENCE)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert connection.usable
    await connection.aclose()
    assert not connection.usable


@pytest.mark.parametrize(
    ("sent", "error", "says"),
    [
        (b"", NodeNotReached, "may have been done"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", NodeNotReached, "may have been done"),
        (b"SSH-2.0-dropbear\r\n", AnswerMalformed, "no HTTP that can be read"),
        (b"HTTP/1.1 200 OK\r\nx: " + b"x" * 80_000, AnswerMalformed, "no HTTP that can be read"),
    ],
)
async def test_what_breaks_off_or_is_no_http_is_one_sentence(
    sent: bytes, error: type[Exception], says: str, tmp_path: Path
) -> None:
    async def plays(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(sent)
        await writer.drain()

    async with played(tmp_path / "a.sock", plays) as connection:
        with pytest.raises(error, match=says) as raised:
            await get(connection)
    assert "\n" not in str(raised.value)
    assert str(tmp_path / "a.sock") in str(raised.value)


async def test_an_answer_without_an_end_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("peerbus.operate.client.http_client.BODY", 1 << 20)

    async def plays(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        with suppress(OSError):  # until the other side hangs up
            while True:
                writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
                await writer.drain()

    async with played(tmp_path / "a.sock", plays) as connection:
        with pytest.raises(AnswerMalformed, match="more than 1 MiB"):
            await get(connection)


async def test_one_that_takes_a_request_and_stands_still_is_said_to(tmp_path: Path) -> None:
    path = tmp_path / "a.sock"
    with socket.socket(socket.AF_UNIX) as nobody_accepts:
        nobody_accepts.bind(str(path))
        nobody_accepts.listen()
        connection = await HttpConnection.open(AdminTarget(SocketPlace(path)), PATIENCE)
        with pytest.raises(NodeNotReached, match=r"took the request, and has not answered within 0\.05 s") as raised:
            await get(connection, 0.05)
        assert raised.value.how == "silent"
        await connection.aclose()


async def test_nobody_there_is_said_by_what_is_in_the_place(tmp_path: Path) -> None:
    path = tmp_path / "a.sock"
    with pytest.raises(NodeNotReached, match="no such socket"):
        await HttpConnection.open(AdminTarget(SocketPlace(path)), PATIENCE)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with pytest.raises(NodeNotReached, match="left behind"):
        await HttpConnection.open(AdminTarget(SocketPlace(path)), PATIENCE)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        target = AdminTarget(TcpPlace("127.0.0.1", free.getsockname()[1], False), "s" * 16)
        with pytest.raises(NodeNotReached, match="no node listens at http://") as raised:
            await HttpConnection.open(target, PATIENCE)
    assert raised.value.how == "absent"


async def test_an_answer_that_goes_on_comes_in_pieces_until_it_breaks(tmp_path: Path) -> None:
    async def plays(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n")
        await writer.drain()

    found: list[bytes] = []
    async with played(tmp_path / "a.sock", plays) as connection:
        assert (await connection.begin("/v1/events", (), PATIENCE)).status == 200
        async with aclosing(connection.chunks(PATIENCE)) as chunks:
            while len(b"".join(found)) < 3:
                found.append(await anext(chunks))
            with pytest.raises(NodeNotReached, match="closed the connection"):
                await anext(chunks)
    assert b"".join(found) == b"abc"
