"""A node's side of an echo with a foreign host, over `/peerbus/1` as any stream of the bus."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from peerbus.actors.base.errors import StreamBroken
from peerbus.transports.libp2p import Libp2pTransport, raw_key_of, to_multiaddr
from peerbus.transports.libp2p.libp2p_stream import PEERBUS, Libp2pStream
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.identity import Identity
from peerbus.transports.streams.socket_listener import SocketListener

__all__ = ["BOB", "PEERBUS", "SIZES", "EchoNode", "echo_node", "echoes"]

BOB = Identity.from_seed(b"b" * 32)
#: Bytes of what goes back and forth: none, around the borders of lengths, beyond a frame, beyond a window.
SIZES = (0, 1, 127, 128, 70_000, 1 << 20)


@dataclass(frozen=True)
class EchoNode:
    """A node that sends back whatever it is sent. `streams`: those that came, `refusals`: why others did not.

    `ends`: how those that came have ended, "" in order.
    """

    listener: SocketListener[Libp2pStream]
    streams: asyncio.Queue[Libp2pStream]
    refusals: asyncio.Queue[Exception]
    ends: asyncio.Queue[str]

    @property
    def raw(self) -> bytes:
        """Its key."""
        return raw_key_of(BOB.public_key_der)

    @property
    def multiaddr(self) -> str:
        """Where others dial it."""
        return to_multiaddr(self.listener.endpoint, self.raw)


@contextlib.asynccontextmanager
async def echo_node() -> AsyncIterator[EchoNode]:
    """One that listens on loopback."""
    refusals: asyncio.Queue[Exception] = asyncio.Queue()
    listener = await Libp2pTransport(BOB).listen(
        Endpoint("libp2p+tcp", host="127.0.0.1"), on_refused=lambda source, error: refusals.put_nowait(error)
    )
    node = EchoNode(listener, asyncio.Queue(), refusals, asyncio.Queue())

    async def echo(stream: Libp2pStream) -> None:
        how = ""
        try:
            while data := await stream.read():
                stream.write(data)
                await stream.drain()
        except StreamBroken as broken:
            how = str(broken)
        await stream.aclose()
        node.ends.put_nowait(how)

    async def serve() -> None:
        async with asyncio.TaskGroup() as tasks:
            while True:
                stream = await listener.accept()
                node.streams.put_nowait(stream)
                tasks.create_task(echo(stream))

    serving = asyncio.create_task(serve())
    try:
        yield node
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        await listener.aclose()


async def echoes(write: Callable[[bytes], object], read: Callable[[], object], size: int) -> None:
    """Send that many bytes to whoever echoes, while they are read again."""
    said = hashlib.shake_256(b"echo").digest(size)
    write(said)
    heard = b""
    while len(heard) < size:
        data = await read()  # type: ignore[misc]  # a read of any kind
        assert data, f"the end came behind {len(heard)} bytes"
        heard += data
    assert heard == said
