"""HTTP within bounds: what is no HTTP, too long, too slow or too much ends, and the others are served on."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest
from admin_client import PATIENCE, call, call_by, connected, read_answer, request
from administered import Place
from certificates import certificate_for, trusting

from peerbus.node import Node
from peerbus.operate import Admin
from peerbus.operate.serving.server import Bounds


async def rest(reader: asyncio.StreamReader) -> bytes:
    """What comes until the other side has closed."""
    found = b""
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(PATIENCE):
            while data := await reader.read(65536):
                found += data
    return found


async def test_a_connection_serves_one_request_after_another(place: Place) -> None:
    async with connected(place.admin) as (reader, writer):
        writer.write(request("GET", "/livez") * 3)
        for _ in range(3):
            assert (await read_answer(reader)).body == b"ok\n"
        writer.write(request("GET", "/livez", Connection="close"))
        assert (await read_answer(reader)).headers["connection"] == "close"
        assert await rest(reader) == b""


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", b" 400 "),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b" 400 "),
        (b"GET / HTTP/1.1\r\n\r\n", b" 400 "),
        (b"GET /" + b"x" * 2 * Bounds.HEAD + b" HTTP/1.1\r\n", b" 431 "),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b" 400 "),
        (b"POST /v1/dials HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", b" 400 "),
    ],
)
async def test_what_is_no_http_is_refused_and_the_connection_ends(place: Place, sent: bytes, status: bytes) -> None:
    async with connected(place.admin) as (reader, writer):
        writer.write(sent)
        assert status in (await rest(reader)).partition(b"\r\n")[0]
    assert (await call(place.admin, "GET", "/livez")).status == 200


async def test_a_body_that_is_too_long_is_refused_before_it_is_read(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Bounds, "BODY", 1000)
    assert (await call(place.admin, "POST", "/v1/dials", b"x" * 100_000)).status == 413
    chunks = (
        b"POST /v1/dials HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + b"200\r\n" + b"x" * 512 + b"\r\n"
    )
    async with connected(place.admin) as (reader, writer):
        writer.write(chunks + b"200\r\n" + b"x" * 512 + b"\r\n")
        assert (await read_answer(reader)).status == 413


@pytest.mark.parametrize(
    ("bound", "sent"),
    [("IDLE", b""), ("REQUEST", b"GET / HT"), ("REQUEST", request("POST", "/v1/dials", b"x" * 9)[:-4])],
)
async def test_one_that_is_too_slow_is_parted_with(
    place: Place, monkeypatch: pytest.MonkeyPatch, bound: str, sent: bytes
) -> None:
    monkeypatch.setattr(Bounds, bound, 0.05)
    async with connected(place.admin) as (reader, writer):
        writer.write(sent)
        assert await rest(reader) == b""


async def test_where_all_places_are_at_work_callers_are_told_so(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Bounds, "CLIENTS", 2)
    async with connected(place.admin) as first, connected(place.admin) as second:
        for reader, writer in (first, second):
            writer.write(request("GET", "/v1/events"))
            await reader.readuntil(b"\r\n\r\n")
        async with connected(place.admin) as (reader, _):
            assert (await read_answer(reader)).status == 503
    answered = await call(place.admin, "GET", "/livez")
    assert answered.status in (200, 503), "the first have gone, or are about to"


@pytest.mark.parametrize(
    "says",
    [b"", b"GET / HT", request("POST", "/v1/dials", b"x" * 9)[:-4], request("GET", "/livez")],
    ids=["nothing", "half a head", "half a body", "a request, and no other"],
)
async def test_who_says_too_little_shuts_nobody_out(place: Place, monkeypatch: pytest.MonkeyPatch, says: bytes) -> None:
    monkeypatch.setattr(Bounds, "CLIENTS", 3)
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(20):
            _, writer = await stack.enter_async_context(connected(place.admin))
            writer.write(says)
            await writer.drain()
        for _ in range(3):
            async with asyncio.timeout(PATIENCE):
                assert (await call(place.admin, "GET", "/livez")).status == 200


async def test_who_waits_to_be_asked_for_its_body_is_asked(place: Place) -> None:
    head, body = request("POST", "/v1/dials", {"to": "nonsense://"}, Expect="100-continue").split(b"\r\n\r\n")
    async with connected(place.admin) as (reader, writer):
        writer.write(head + b"\r\n\r\n")
        assert b" 100 " in await reader.readuntil(b"\r\n\r\n")
        writer.write(body)
        assert (await read_answer(reader)).status == 400


async def test_open_connections_hold_up_no_shutdown(place: Place) -> None:
    async with connected(place.admin) as (reader, writer), connected(place.admin) as (idle, _):
        writer.write(request("GET", "/v1/events"))
        await reader.readuntil(b"\r\n\r\n")
        await place.node.aclose()
        await rest(reader)
        assert await rest(idle) == b""
    assert place.admin.address is None


async def test_who_only_connects_where_tls_is_spoken_takes_a_place_for_no_longer_than_a_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Bounds, "CLIENTS", 2)
    monkeypatch.setattr(Bounds, "REQUEST", 0.3)
    certificate, key = certificate_for(tmp_path, "127.0.0.1")
    admin = Admin("https://127.0.0.1:0", token=tmp_path / "token", certificate=certificate, key=key)
    async with Node("alice", extensions=[admin]), contextlib.AsyncExitStack() as stack:
        silent = [await stack.enter_async_context(connected(admin)) for _ in range(2)]
        talks, writer = await stack.enter_async_context(connected(admin))
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        for reader, _ in [*silent, (talks, writer)]:
            await rest(reader)
        assert admin.address is not None
        host = admin.address.removeprefix("https://")
        answered = await call_by(trusting(certificate), admin, "GET", "/livez", Host=host)
        assert answered.status == 401


async def test_beyond_those_that_are_told_so_callers_are_turned_away(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Bounds, "CLIENTS", 1)
    async with contextlib.AsyncExitStack() as stack:
        works, writer = await stack.enter_async_context(connected(place.admin))
        writer.write(request("GET", "/v1/events"))
        await works.readuntil(b"\r\n\r\n")
        callers = [await stack.enter_async_context(connected(place.admin)) for _ in range(60)]
        for reader, _ in callers[20:]:
            assert (await rest(reader)).partition(b"\r\n")[0] in (b"", b"HTTP/1.1 503 ")
