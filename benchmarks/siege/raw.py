"""An attacker's end of a connection: TLS or not, frames as MessagePack, from an address of its choice."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from typing import Any, Self

import msgpack

from peerbus.transports.streams.identity import Identity
from peerbus.transports.streams.tls import client_context

from .attack import Target

__all__ = ["KINDS", "PREFACE", "Wire", "reset"]

#: Magic and versions; see docs/wire.md.
PREFACE = b"peerbus\0" + struct.pack(">HH", 1, 1)
#: The kinds of frames, by their numbers.
KINDS = (
    "HELLO", "WELCOME", "REJECT", "TELL", "ASK", "REPLY", "ERROR", "CANCEL", "CREDIT", "PING", "PONG", "OPEN", "CLOSE",
    "UPDATE", "GOAWAY", "PART", "PROBE", "DESCRIBE", "DESCRIPTION", "WINDOW", "COMPRESSED", "ITEMS", "END", "GRANT",
)  # fmt: skip
_NUMBERS = {kind: number for number, kind in enumerate(KINDS)}
#: SO_LINGER on, zero seconds: closing leaves nothing in TIME_WAIT, so that ports do not run out.
_LINGER = struct.pack("ii", 1, 0)


def reset(writer: asyncio.StreamWriter) -> None:
    """End a connection at once."""
    sock = writer.get_extra_info("socket")
    if sock is not None:
        with contextlib.suppress(OSError):  # it is closed already
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
    writer.transport.abort()


class Wire:
    """One connection. Raises OSError and EOFError where the node ends it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self._buffer = b""
        #: What the node said in its HELLO.
        self.peer: dict[str, Any] = {}

    @classmethod
    async def open(cls, target: Target, *, source: str, tls: ssl.SSLContext | None = None) -> Self:
        """Connect, from that address."""
        reader, writer = await asyncio.open_connection(
            target.host, target.port, local_addr=(source, 0), ssl=tls, server_hostname="" if tls else None
        )
        return cls(reader, writer)

    @classmethod
    async def as_peer(cls, target: Target, identity: Identity, *, source: str, mirror: str = "", **hello: Any) -> Self:
        """Connect, and shake hands to the end. `hello`: fields of HELLO that differ; `mirror`: see `shake_hands`."""
        wire = await cls.open(target, source=source, tls=client_context(identity))
        try:
            await wire.shake_hands(target, identity, mirror=mirror, **hello)
        except BaseException:
            wire.close()
            raise
        return wire

    async def shake_hands(self, target: Target, identity: Identity, *, mirror: str = "", **hello: Any) -> None:
        """HELLO and WELCOME, both ways. `mirror`: say that there is a reactor of this name as the node has one."""
        self.writer.write(PREFACE)
        await self.preface()
        self.peer = (await self.until("HELLO"))[1]
        if mirror:
            hello["channels"] = [each for each in self.peer["channels"] if each["name"] == mirror]
        self.send("HELLO", self.hello(target, identity, **hello))
        self.send("WELCOME")
        await self.until("WELCOME")

    @classmethod
    async def by_unix(cls, target: Target) -> Self:
        """Connect to the node's Unix socket, which proves nothing."""
        return cls(*await asyncio.open_unix_connection(target.path))

    @staticmethod
    def hello(target: Target, identity: Identity, **changes: Any) -> dict[str, Any]:
        """A HELLO that is right, but for the changes."""
        fields: dict[str, Any] = {
            "node_id": identity.node_id, "network": target.network, "name": "stranger", "incarnation": 7, "listen": [],
            "offers": [], "channels": [], "agent": "siege/1", "nonce": bytes(16),
        }  # fmt: skip
        return fields | changes

    def send(self, kind: str, *fields: Any) -> None:
        """Write one frame."""
        self.writer.write(self.frame(kind, *fields))

    @staticmethod
    def frame(kind: str, *fields: Any) -> bytes:
        """The bytes of one frame."""
        body = msgpack.packb([_NUMBERS[kind], *fields])
        return struct.pack(">I", len(body)) + body

    async def preface(self) -> bytes:
        """The node's first 12 bytes."""
        return await self.reader.readexactly(len(PREFACE))

    async def read(self) -> list[Any]:
        """The next frame: its kind as a word, and its fields."""
        (size,) = struct.unpack(">I", await self.reader.readexactly(4))
        kind, *fields = msgpack.unpackb(await self.reader.readexactly(size), strict_map_key=False)
        return [KINDS[kind] if kind < len(KINDS) else str(kind), *fields]

    async def until(self, *kinds: str) -> list[Any]:
        """The next frame of one of these kinds; what else comes is skipped. EOFError where the node refuses."""
        while True:
            frame = await self.read()
            if frame[0] in kinds:
                return frame
            if frame[0] in ("REJECT", "GOAWAY"):
                raise EOFError(f"{frame[0]}: {frame[1:3]}")

    def channel(self, name: str) -> int:
        """The number of one of the node's channels."""
        return [each["name"] for each in self.peer["channels"]].index(name)

    def close(self) -> None:
        """End it at once."""
        reset(self.writer)
