"""Nodes on TCP, for tests of its parts: who is refused, and whether a listener still serves whom it should."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator

from peerbus.actors.base.errors import HandshakeFailed
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.identity import Identity
from peerbus.transports.streams.socket_listener import SocketListener
from peerbus.transports.streams.socket_stream import SocketStream
from peerbus.transports.streams.tcp import TcpTransport

ALICE = Identity.from_seed(b"a" * 32)
BOB = Identity.from_seed(b"b" * 32)
MALLORY = Identity.from_seed(b"m" * 32)
LOOPBACK = Endpoint("tcp", host="127.0.0.1")


class Refusals:
    """Waits for the reasons that a listener gives."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[tuple[Endpoint | None, Exception]] = asyncio.Queue()

    def __call__(self, source: Endpoint | None, error: Exception) -> None:
        self._queue.put_nowait((source, error))

    async def next(self) -> HandshakeFailed:
        source, error = await self._queue.get()
        assert source is not None
        assert source.host == "127.0.0.1"
        assert isinstance(error, HandshakeFailed)
        return error


@contextlib.asynccontextmanager
async def listening(
    transport: TcpTransport, refusals: Refusals | None = None
) -> AsyncIterator[SocketListener[SocketStream]]:
    listener = await transport.listen(LOOPBACK, on_refused=refusals)
    try:
        yield listener
    finally:
        await listener.aclose()


async def connect(transport: TcpTransport, listener: SocketListener[SocketStream]) -> None:
    """Show that the listener still serves whom it should."""
    dialed = await transport.dial(listener.endpoint, expect=None, timeout=5)
    accepted = await listener.accept()
    await asyncio.gather(dialed.aclose(), accepted.aclose())


@contextlib.contextmanager
def raw_connections(listener: SocketListener[SocketStream], count: int) -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as stack:
        address = (listener.endpoint.host, listener.endpoint.port)
        yield [stack.enter_context(socket.create_connection(address)) for _ in range(count)]


async def closed_by_the_other_side(sock: socket.socket) -> bool:
    sock.setblocking(False)
    try:
        return await asyncio.get_running_loop().sock_recv(sock, 1) == b""
    except ConnectionResetError:
        return True
