"""A client that knows docs/wire.md and MessagePack, and nothing of this package but its certificates."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import msgpack

from peerbus.transports.streams.identity import Identity
from peerbus.transports.streams.tls import client_context

__all__ = ["PREFACE", "Stranger", "channel_map", "hello_map"]

PREFACE = b"peerbus\0" + struct.pack(">HH", 1, 1)
WORDS = "HELLO WELCOME REJECT TELL ASK REPLY ERROR CANCEL CREDIT PING PONG OPEN CLOSE UPDATE GOAWAY PART PROBE"
LATER = "DESCRIBE DESCRIPTION"
KINDS = dict(enumerate(f"{WORDS} {LATER}".split(" ")))
NUMBERS = {word: number for number, word in KINDS.items()}


def channel_map(name: str, **changes: Any) -> dict[str, Any]:
    """A channel as HELLO announces it."""
    return {
        "name": name,
        "types": ["Note"],
        "schema": bytes(16),
        "messages": 4,
        "bytes": 1 << 16,
        "max_message": 1 << 16,
        "priority": 5,
    } | changes


def hello_map(node_id: str, **changes: Any) -> dict[str, Any]:
    """A HELLO that is right, but for the changes; a value of None leaves its field out."""
    fields = {
        "node_id": node_id,
        "network": "peerbus",
        "name": "stranger",
        "incarnation": 7,
        "listen": [],
        "offers": ["stranger"],
        "channels": [channel_map("mine")],
        "agent": "stranger/1",
        "nonce": bytes(16),
    } | changes
    return {key: value for key, value in fields.items() if value is not None}


class Stranger:
    """One connection, frame by frame. A frame is its kind as a word, and its fields."""

    def __init__(self, read: Callable[[], Awaitable[bytes]], write: Callable[[bytes], object]) -> None:
        self._read = read
        self.write = write
        self._buffer = b""
        self.peer: dict[str, Any] = {}

    @classmethod
    async def by_tls(cls, port: int, identity: Identity, context: Any = None) -> Stranger:
        """Over TCP, with a certificate of this identity."""
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=context or client_context(identity), server_hostname=""
        )
        stranger = cls(lambda: reader.read(65536), writer.write)
        stranger.close = writer.close  # type: ignore[method-assign]  # the way to close it differs
        return stranger

    def close(self) -> None:
        """Close the connection."""

    def send(self, kind: str | int, *fields: Any) -> None:
        """Write one frame."""
        body = msgpack.packb([NUMBERS[kind] if isinstance(kind, str) else kind, *fields])
        self.write(struct.pack(">I", len(body)) + body)

    async def frame(self) -> list[Any]:
        """The next frame; `["END"]` when the other side has closed."""
        while True:
            if len(self._buffer) >= 4:
                (size,) = struct.unpack_from(">I", self._buffer)
                if len(self._buffer) >= 4 + size:
                    body, self._buffer = self._buffer[4 : 4 + size], self._buffer[4 + size :]
                    kind, *fields = msgpack.unpackb(body, strict_map_key=False)
                    return [KINDS[kind], *fields]
            data = await self._read()
            if not data:
                return ["END"]
            self._buffer += data

    async def until(self, *kinds: str) -> list[Any]:
        """The next frame of one of these kinds, or the end; PINGs are answered, the rest is skipped."""
        while True:
            frame = await self.frame()
            if frame[0] in kinds or frame[0] == "END":
                return frame
            if frame[0] == "PING":
                self.send("PONG", frame[1])

    async def preface(self) -> bytes:
        """The other side's first 12 bytes."""
        while len(self._buffer) < 12:
            data = await self._read()
            if not data:
                return self._buffer
            self._buffer += data
        preface, self._buffer = self._buffer[:12], self._buffer[12:]
        return preface

    async def shake_hands(self, node_id: str, **changes: Any) -> None:
        """The whole handshake."""
        self.write(PREFACE)
        self.send("HELLO", hello_map(node_id, **changes))
        assert await self.preface() == PREFACE
        kind, self.peer = await self.frame()
        assert kind == "HELLO"
        self.send("WELCOME")
        assert await self.frame() == ["WELCOME"]

    def index(self, channel: str) -> int:
        """The number of one of the peer's channels."""
        return [each["name"] for each in self.peer["channels"]].index(channel)
