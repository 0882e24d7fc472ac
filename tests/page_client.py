"""A browser's side of a dashboard, in tests: comes in by the link, and sends its cookie and its key."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from admin_client import PATIENCE, Answered, read_answer, request


class Browser:
    """One that was let in, or not yet."""

    def __init__(self, address: str) -> None:
        self.host = address.removeprefix("http://").partition("/#")[0]
        self.headers: dict[str, str] = {"Host": self.host}

    async def come_in(self, link: str) -> Answered:
        """Exchange the ticket of a link."""
        answered = await self.call("POST", "/session", {"ticket": link.partition("#ticket=")[2]})
        if answered.status == 200:
            cookie = answered.headers["set-cookie"].partition(";")[0]
            self.headers |= {"Cookie": cookie, "X_Peerbus_Key": answered.json["key"]}
        return answered

    async def call(self, verb: str, path: str, body: object = None, **headers: str) -> Answered:
        """Ask once."""
        async with asyncio.timeout(PATIENCE), self._connected() as (reader, writer):
            writer.write(request(verb, path, body, **{**self.headers, **headers}))
            return await read_answer(reader)

    @asynccontextmanager
    async def stream(self, path: str) -> AsyncIterator[AsyncIterator[tuple[str, Any]]]:
        """Server-sent events: their kinds, and their data."""
        async with self._connected() as (reader, writer):
            writer.write(request("GET", path, **self.headers))
            assert b" 200 " in (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")[0]
            yield _events(reader)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        host, _, port = self.host.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=1 << 22)
        try:
            yield reader, writer
        finally:
            writer.close()
            await asyncio.gather(writer.wait_closed(), return_exceptions=True)


async def _events(reader: asyncio.StreamReader) -> AsyncIterator[tuple[str, Any]]:
    while True:
        async with asyncio.timeout(PATIENCE):
            text = (await reader.readuntil(b"\n\n")).decode()
        kind, data = "", ""
        for line in text.splitlines():
            name, _, value = line.partition(": ")
            kind, data = (value, data) if name == "event" else (kind, value) if name == "data" else (kind, data)
        if data:
            yield kind, json.loads(data)
