"""A caller of an admin API, in tests: one request over one connection, or bytes as they are."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from peerbus.operate import Admin

#: Seconds that a test waits at most for an answer.
PATIENCE = 30.0


class Answered:
    """What came back."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@asynccontextmanager
async def connected(
    admin: Admin, tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to where the admin listens."""
    address = admin.address
    assert address is not None
    if address.startswith("unix://"):
        reader, writer = await asyncio.open_unix_connection(address.removeprefix("unix://"))
    else:
        host, _, port = address.partition("://")[2].rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port), ssl=tls)
    try:
        yield reader, writer
    finally:
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)


async def read_answer(reader: asyncio.StreamReader) -> Answered:
    """The next answer, whose length is told."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Answered(int(head[0].split()[1]), headers, body)


def request(verb: str, path: str, body: object = None, **headers: str) -> bytes:
    """The bytes of a request; `_` in the names of headers stands for `-`."""
    data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    said = {"Host": "localhost", "Content-Length": str(len(data))}
    said |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in said.items())
    return f"{verb} {path} HTTP/1.1\r\n{head}\r\n".encode() + data


async def call(admin: Admin, verb: str, path: str, body: object = None, **headers: str) -> Answered:
    """Ask once."""
    return await call_by(None, admin, verb, path, body, **headers)


async def call_by(
    tls: ssl.SSLContext | None, admin: Admin, verb: str, path: str, body: object = None, **headers: str
) -> Answered:
    """Ask once, by https where there is what it is checked with."""
    async with asyncio.timeout(PATIENCE), connected(admin, tls) as (reader, writer):
        writer.write(request(verb, path, body, **headers))
        return await read_answer(reader)
