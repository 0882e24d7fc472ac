"""A peer of libp2p that is no node: it speaks by the cores alone, and says whatever a test wants."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from peerbus.transports.libp2p import Libp2pTransport
from peerbus.transports.libp2p.libp2p_stream import Libp2pStream
from peerbus.transports.libp2p.multistream import line_of
from peerbus.transports.libp2p.noise_identity import NoiseIdentity
from peerbus.transports.libp2p.upgrade import Upgrade
from peerbus.transports.libp2p.yamux_frames import YamuxFlag, YamuxKind, header
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.identity import Identity
from peerbus.transports.streams.socket_listener import SocketListener

ALICE, BOB, MALLORY = (Identity.from_seed(letter * 32) for letter in (b"a", b"b", b"m"))
LOOPBACK = Endpoint("libp2p+tcp", host="127.0.0.1")
VERSION = line_of("/multistream/1.0.0")


class ForeignPeer:
    """One side of a connection, after the upgrade."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, upgrade: Upgrade) -> None:
        self.reader, self.writer, self.upgrade = reader, writer, upgrade
        #: What came of yamux, all of it.
        self.heard = b""

    def say(self, *frames: bytes) -> None:
        """Send these bytes of yamux, sealed."""
        self.writer.write(self.upgrade.channel.seal(b"".join(frames)))

    async def hear(self, expected: bytes) -> None:
        """Wait until that has come."""
        while expected not in self.heard:
            await self.hear_more()

    async def hear_more(self) -> None:
        """Wait until something has come."""
        data = await self.reader.read(1 << 16)
        assert data, f"the connection ended behind {self.heard!r}"
        self.heard += b"".join(self.upgrade.channel.open(data))

    async def hear_end(self) -> None:
        """Wait until the other side ends the connection, however it does."""
        with contextlib.suppress(ConnectionError):
            while data := await self.reader.read(1 << 16):
                self.heard += b"".join(self.upgrade.channel.open(data))

    def ask(self, stream: int, protocol: str, behind: bytes = b"") -> None:
        """Open a stream of that protocol, and say something on it at once."""
        self.say(header(YamuxKind.WINDOW, YamuxFlag.SYN, stream, 0), data(stream, VERSION + line_of(protocol) + behind))


def data(stream: int, said: bytes, flags: int = 0) -> bytes:
    """A frame of data."""
    return header(YamuxKind.DATA, flags, stream, len(said)) + said


async def upgraded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, initiator: bool) -> ForeignPeer:
    """Go through the upgrade, as an honest peer."""
    upgrade = Upgrade(NoiseIdentity(MALLORY), initiator=initiator, judge=lambda key: None)
    peer = ForeignPeer(reader, writer, upgrade)
    writer.write(upgrade.start())
    while not upgrade.done:
        came = await reader.read(1 << 16)
        assert came, "the connection ended within the upgrade"
        said, behind = upgrade.receive(came)
        peer.heard += behind
        writer.write(said)
    return peer


@contextlib.asynccontextmanager
async def foreign_dialer(
    listener: SocketListener[Libp2pStream],
) -> AsyncIterator[ForeignPeer]:
    """A foreign peer that has dialed the listener."""
    reader, writer = await asyncio.open_connection(listener.endpoint.host, listener.endpoint.port)
    try:
        yield await upgraded(reader, writer, initiator=True)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def foreign_on_stream() -> AsyncIterator[tuple[Libp2pStream, ForeignPeer]]:
    """A stream of the bus, and the foreign peer that has opened it, as number 1."""
    async with listening() as listener, foreign_dialer(listener) as peer:
        peer.ask(1, "/peerbus/1")
        stream = await listener.accept()
        await peer.hear(line_of("/peerbus/1"))
        peer.heard = b""
        try:
            yield stream, peer
        finally:
            stream.abort()
            await stream.aclose()


@contextlib.asynccontextmanager
async def listening(
    refusals: asyncio.Queue[Exception] | None = None,
) -> AsyncIterator[SocketListener[Libp2pStream]]:
    """A listener of BOB's."""
    refused = None if refusals is None else lambda source, error: refusals.put_nowait(error)
    listener = await Libp2pTransport(BOB).listen(LOOPBACK, on_refused=refused)
    try:
        yield listener
    finally:
        await listener.aclose()


@contextlib.asynccontextmanager
async def joined() -> AsyncIterator[tuple[Libp2pStream, Libp2pStream]]:
    """Both ends of a stream of two nodes, the dialed one first."""
    async with listening() as listener:
        dialed, accepted = await asyncio.gather(
            Libp2pTransport(ALICE).dial(listener.endpoint, expect=None, timeout=20), listener.accept()
        )
        try:
            yield dialed, accepted
        finally:
            await asyncio.gather(dialed.aclose(), accepted.aclose())
