"""zttp (Zig, without I/O): a request of HTTP/3 as a stream, over UDP sockets of asyncio. It proves the server alone."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Final

import zttp
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from peerbus.transports import Identity, Transport

from ..pipe import Pipe, Serve
from .certificate import Files
from .tasks import Tasks

__all__ = ["Zttp"]

#: A window of each stream; unsent bytes above which a writer waits.
_WINDOW: Final = 1024 * 1024
_PARAMETERS: Final = zttp.QuicTransportParameters(
    initial_max_data=_WINDOW,
    initial_max_stream_data_bidi_local=_WINDOW,
    initial_max_stream_data_bidi_remote=_WINDOW,
    initial_max_stream_data_uni=64 * 1024,
    initial_max_streams_bidi=1,
    initial_max_streams_uni=8,
)
#: A client takes a server whose certificate it knows; all of this process have the same.
_FILES: Final = Files(Identity.generate(), ecdsa=True)


class _RequestPipe:
    peer = None

    def __init__(self, connection: Any, flush: Any) -> None:
        self._connection, self._flush = connection, flush
        self._arrived: asyncio.Queue[bytes] = asyncio.Queue()
        self._changed = asyncio.Event()
        self.opened = asyncio.Event()
        self.stream: Any = None

    def progress(self) -> None:
        """Take what has come."""
        while (event := self._connection.next_event()) is not zttp.NEED_DATA:
            if isinstance(event, zttp.Request):
                self.stream = self._connection.stream(event.stream_id)
                self.stream.send_response(200, [])
                self.opened.set()
            elif isinstance(event, zttp.Response):
                self.opened.set()
            elif isinstance(event, zttp.Data) and event.data:
                self._arrived.put_nowait(event.data)
            elif isinstance(event, zttp.EndOfMessage):
                self._arrived.put_nowait(b"")
            elif event is zttp.CONNECTION_CLOSED:
                break
        self._changed.set()

    async def send(self, data: bytes) -> None:
        while self.stream.pending_bytes:
            self._changed.clear()
            await self._changed.wait()
        self.stream.send_data(data)
        self._flush()

    async def receive(self) -> bytes:
        data = await self._arrived.get()
        if data:
            self._connection.consume_data(self.stream.stream_id, len(data))
            self._flush()
        return data

    async def close(self) -> None:
        self.stream.end_message()
        self._flush()
        await asyncio.sleep(0.05)  # nothing says when it has arrived


class _Dialed(asyncio.DatagramProtocol):
    def __init__(self, certificate: bytes) -> None:
        self.connection = zttp.Connection(
            zttp.CLIENT,
            zttp.HTTP3,
            transport_params=_PARAMETERS,
            server_name=b"localhost",
            server_certificate=certificate,
        )
        self.pipe = _RequestPipe(self.connection, self.flush)

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self.flush()

    def datagram_received(self, data: bytes, address: Any) -> None:
        del address
        self.connection.receive_datagram(data, _now())
        if self.pipe.stream is None:
            with contextlib.suppress(zttp.LocalProtocolError):  # not before the handshake
                self.pipe.stream = self.connection.send_request(b"POST", b"/", b"3", [(b"host", b"localhost")])
        self.pipe.progress()
        self.flush()

    def flush(self) -> None:
        for datagram in self.connection.data_to_send():
            self._transport.sendto(datagram)


class _Listening(asyncio.DatagramProtocol):
    def __init__(self, certificate: bytes, key: bytes, tasks: Tasks, serve: Serve) -> None:
        credentials = zttp.TlsCredentials(certificate=certificate, private_key_scalar=key)
        self._endpoint = zttp.QuicEndpoint(transport_params=_PARAMETERS, credentials=credentials, retry=True)
        self._pipes: dict[Any, _RequestPipe] = {}
        self._tasks, self._serve = tasks, serve

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, address: Any) -> None:
        key = f"{address[0]} {address[1]}".encode()
        connection = self._endpoint.receive_datagram(data, key, _now())
        if connection is not None:
            pipe = self._pipes.get(connection)
            if pipe is None:
                pipe = self._pipes[connection] = _RequestPipe(connection, lambda: self._flush(connection))
                self._tasks.begin(self._welcome(pipe))
            pipe.progress()
        self._flush(connection)

    async def _welcome(self, pipe: _RequestPipe) -> None:
        await pipe.opened.wait()
        self._tasks.serve(pipe, self._serve)

    def _flush(self, connection: Any) -> None:
        for datagram in self._endpoint.data_to_send(connection):
            host, port = (datagram.peer_address or b"").decode().split()
            self._transport.sendto(datagram.data, (host, int(port)))


class Zttp:
    """As far as it goes."""

    packages: tuple[str, ...] = ("zttp",)
    remark = "sans-IO: its datagrams go one by one over asyncio's sockets"

    def __init__(self) -> None:
        self._tasks = Tasks()
        self._sockets: list[asyncio.DatagramTransport] = []

    def transport(self, identity: Identity) -> Transport | None:
        """As `Candidate.transport`."""
        del identity
        return None

    async def listen(self, identity: Identity, serve: Serve) -> str:
        """As `Candidate.listen`."""
        del identity
        certificate, key = _credentials()
        sock, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Listening(certificate, key, self._tasks, serve), ("127.0.0.1", 0)
        )
        self._sockets.append(sock)
        return f"127.0.0.1:{sock.get_extra_info('sockname')[1]}"

    async def dial(self, identity: Identity, place: str, expected: str) -> Pipe:
        """As `Candidate.dial`."""
        del identity, expected
        host, _, port = place.partition(":")
        sock, dialed = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Dialed(_credentials()[0]), remote_addr=(host, int(port))
        )
        self._sockets.append(sock)
        await dialed.pipe.opened.wait()
        return dialed.pipe

    async def aclose(self) -> None:
        """As `Candidate.aclose`."""
        await self._tasks.cancel()
        for sock in self._sockets:
            sock.close()


def _credentials() -> tuple[bytes, bytes]:
    with open(_FILES.certificate, "rb") as file:
        certificate = x509.load_pem_x509_certificate(file.read())
    with open(_FILES.key, "rb") as file:
        key: Any = serialization.load_pem_private_key(file.read(), None)
    scalar = key.private_numbers().private_value.to_bytes(32, "big")
    return certificate.public_bytes(serialization.Encoding.DER), scalar


def _now() -> int:
    return int(asyncio.get_running_loop().time() * 1_000_000)
