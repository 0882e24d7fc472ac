"""aiopquic (C, picoquic): connections of which only the server shows a certificate, and streams by their numbers."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from typing import Any

from aiopquic.asyncio import connect, serve
from aiopquic.asyncio.protocol import QuicConnectionProtocol
from aiopquic.quic.configuration import QuicConfiguration
from aiopquic.quic.events import StreamDataReceived

from peerbus.transports import Identity, Transport

from ..pipe import Pipe, Serve
from .certificate import Files
from .tasks import Tasks, free_port

__all__ = ["Aiopquic"]


class _Connection(QuicConnectionProtocol):  # type: ignore[misc]  # of a package without types here
    """One connection, with one stream that the dialer opens; as a pipe it has no other end than its own."""

    peer = None

    def __init__(self, quic: Any, opened: Any = None, stream_handler: Any = None) -> None:
        super().__init__(quic, stream_handler=stream_handler)
        self._arrived: asyncio.Queue[bytes] = asyncio.Queue()
        self._opened = opened
        self.stream: int | None = None

    def quic_event_received(self, event: Any) -> None:
        if isinstance(event, StreamDataReceived):
            if self.stream is None:
                self.stream = event.stream_id
                self._opened(self)
            if event.data:
                self._arrived.put_nowait(bytes(event.data))
            if event.end_stream:
                self._arrived.put_nowait(b"")

    async def send(self, data: bytes) -> None:
        await self._quic.send_stream_data_drained(self.stream, data)

    async def receive(self) -> bytes:
        return await self._arrived.get()

    async def end(self) -> None:
        await self._quic.send_stream_data_drained(self.stream, b"", True)


class _Pipe:
    peer = None

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    async def send(self, data: bytes) -> None:
        await self._connection.send(data)

    async def receive(self) -> bytes:
        return await self._connection.receive()

    async def close(self) -> None:
        await self._connection.end()
        await asyncio.sleep(0.05)  # nothing says when it is sent


class Aiopquic:
    """As far as it goes: nobody is proven."""

    packages: tuple[str, ...] = ("aiopquic",)
    remark = "takes no certificate of Ed25519: tried with one of ECDSA"

    def __init__(self) -> None:
        self._stack = contextlib.AsyncExitStack()
        self._tasks = Tasks()
        self._server: Any = None
        self._files: list[Files] = []

    def transport(self, identity: Identity) -> Transport | None:
        """As `Candidate.transport`."""
        del identity
        return None

    async def listen(self, identity: Identity, serve_pipe: Serve) -> str:
        """As `Candidate.listen`."""
        port = free_port()

        def connected(quic: Any, stream_handler: Any = None) -> _Connection:
            return _Connection(quic, lambda made: self._tasks.serve(_Pipe(made), serve_pipe), stream_handler)

        settings = self._settings(identity, is_client=False)
        self._server = await serve("127.0.0.1", port, configuration=settings, create_protocol=connected)
        return f"127.0.0.1:{port}"

    async def dial(self, identity: Identity, place: str, expected: str) -> Pipe:
        """As `Candidate.dial`; whoever answers is not told."""
        del expected
        host, _, port = place.partition(":")
        settings = self._settings(identity, is_client=True)
        connection = await self._stack.enter_async_context(
            connect(host, int(port), configuration=settings, create_protocol=_Connection)
        )
        connection.stream = connection._quic.get_next_available_stream_id()
        return _Pipe(connection)

    async def aclose(self) -> None:
        """As `Candidate.aclose`."""
        await self._tasks.cancel()
        await self._stack.aclose()
        if self._server is not None:
            self._server.close()

    def _settings(self, identity: Identity, *, is_client: bool) -> Any:
        files = Files(identity, ecdsa=True)
        self._files.append(files)
        made = QuicConfiguration(is_client=is_client, alpn_protocols=["peerbus/1"])
        made.verify_mode = ssl.CERT_NONE if is_client else ssl.CERT_REQUIRED
        made.load_cert_chain(files.certificate, files.key)
        return made
