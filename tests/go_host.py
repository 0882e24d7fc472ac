"""A host of go-libp2p: its daemon `p2pd`, told what to do over a socket (go-libp2p-daemon, specs/CONTROL.md)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from peerbus.transports.libp2p.multiaddr import pack_multiaddr, unpack_multiaddr
from peerbus.transports.libp2p.peer_ids import pack_peer_id, peer_id_text, unpack_peer_id
from peerbus.transports.libp2p.protobuf import Fields, field, read_fields
from peerbus.transports.libp2p.varint import read_varint, varint
from peerbus.transports.streams.endpoint import Endpoint

__all__ = ["DAEMON", "GoHost", "GoRefused", "go_host", "why_no_go"]

#: Where `make interop` puts it.
DAEMON = Path(__file__).resolve().parents[1] / "build" / "interop" / "p2pd"
IDENTIFY, CONNECT, STREAM_OPEN, STREAM_HANDLER = range(4)
#: The code of a Unix socket's path in a multiaddr.
UNIX = varint(0x0190)


def why_no_go() -> str:
    """Why there can be no such host here; empty where there can."""
    return "" if DAEMON.is_file() else "go-libp2p's daemon is not there: make interop (Linux on x86-64)"


class GoRefused(Exception):
    """The daemon could not do it, and says why."""


class GoHost:
    """`listening`: its multiaddr."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.listening = ""

    async def start(self) -> None:
        """Ask who it is."""
        answer, _, writer = await self._ask(field(1, IDENTIFY))
        writer.close()
        said = read_fields(answer.string(4) or b"")
        who = peer_id_text(unpack_peer_id(said.string(1) or b""))
        place = next(at for at in map(unpack_multiaddr, said.strings(2)) if at.startswith("/ip4/127.0.0.1/tcp/"))
        self.listening = f"{place}/p2p/{who}"

    async def connect(self, raw: bytes, endpoint: Endpoint) -> None:
        """Let it dial the node of that key. Raises GoRefused."""
        peer = field(1, pack_peer_id(raw)) + field(2, pack_multiaddr(endpoint))
        _, _, writer = await self._ask(field(1, CONNECT) + field(2, peer))
        writer.close()

    async def open(self, raw: bytes, protocol: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Let it open a stream of that protocol to a node that it is connected to. Raises GoRefused."""
        peer = field(1, pack_peer_id(raw)) + field(2, protocol.encode())
        _, reader, writer = await self._ask(field(1, STREAM_OPEN) + field(3, peer))
        return reader, writer

    async def echo(self, protocol: str) -> asyncio.Server:
        """Let it take streams of that protocol; each comes back here, and is echoed."""
        path = self._folder / "echo"

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await _message(reader)  # who it is
                while data := await reader.read(65_536):
                    writer.write(data)
                    await writer.drain()
            writer.close()

        server = await asyncio.start_unix_server(serve, path)
        name = str(path).encode()
        handler = field(1, UNIX + varint(len(name)) + name) + field(2, protocol.encode()) + field(3, 0)
        _, _, writer = await self._ask(field(1, STREAM_HANDLER) + field(4, handler))
        writer.close()
        return server

    async def _ask(self, request: bytes) -> tuple[Fields, asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_unix_connection(self._folder / "control")
        writer.write(varint(len(request)) + request)
        answer = read_fields(await _message(reader))
        if answer.number(1):
            writer.close()
            raise GoRefused((read_fields(answer.string(2) or b"").string(1) or b"").decode())
        return answer, reader, writer


async def _message(reader: asyncio.StreamReader) -> bytes:
    head = b""
    while (found := read_varint(head)) is None:
        head += await reader.readexactly(1)
    return await reader.readexactly(found[0])


@contextlib.asynccontextmanager
async def go_host(folder: Path) -> AsyncIterator[GoHost]:
    """One whose sockets are in that folder, whose path is short; ended in the end."""
    process = await asyncio.create_subprocess_exec(
        *(DAEMON, "-listen", f"/unix{folder / 'control'}", "-hostAddrs", "/ip4/127.0.0.1/tcp/0"),
        *("-relay=false", "-relayService=false", "-relayDiscovery=false"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            if line.startswith(b"Control socket:"):
                break
        host = GoHost(folder)
        await host.start()
        yield host
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()
