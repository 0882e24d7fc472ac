"""aioquic (Python) and qh3 (Rust): two packages of one interface, each as far as that goes.

Neither lets a server ask for a certificate by its public interface, so nobody is proven, and `peer` is None.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import ssl
from typing import Any, Final

from peerbus.transports import Identity, Transport

from ..pipe import Pipe, Serve
from .certificate import Files
from .tasks import Tasks, free_port

__all__ = ["Aioquic", "Qh3"]

_ALPN: Final = "peerbus/1"


class _StreamsPipe:
    peer = None

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, drains: bool) -> None:
        self._reader, self._writer, self._drains = reader, writer, drains

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        if self._drains:
            await self._writer.drain()
        else:
            await asyncio.sleep(0)

    async def receive(self) -> bytes:
        return await self._reader.read(64 * 1024)

    async def close(self) -> None:
        self._writer.write_eof()
        await asyncio.sleep(0.05)  # nothing says when it is sent


class Aioquic:
    """The first."""

    package = "aioquic"
    packages: tuple[str, ...] = ("aioquic",)
    remark = ""
    #: It takes no certificate of a node's key.
    ecdsa = False
    #: Its writers can be waited for.
    drains = True

    def __init__(self) -> None:
        self._asyncio: Any = importlib.import_module(f"{self.package}.asyncio")
        self._configuration: Any = importlib.import_module(f"{self.package}.quic.configuration").QuicConfiguration
        self._stack = contextlib.AsyncExitStack()
        self._server: Any = None
        self._tasks = Tasks()
        self._files: list[Files] = []

    def transport(self, identity: Identity) -> Transport | None:
        """As `Candidate.transport`."""
        del identity
        return None

    async def listen(self, identity: Identity, serve: Serve) -> str:
        """As `Candidate.listen`."""
        port = free_port()
        self._server = await self._asyncio.serve(
            "127.0.0.1",
            port,
            configuration=self._settings(identity, is_client=False),
            stream_handler=lambda *both: self._tasks.serve(_StreamsPipe(*both, drains=self.drains), serve),
        )
        return f"127.0.0.1:{port}"

    async def dial(self, identity: Identity, place: str, expected: str) -> Pipe:
        """As `Candidate.dial`; whoever answers cannot be told."""
        del expected
        host, _, port = place.partition(":")
        settings = self._settings(identity, is_client=True)
        connection = await self._stack.enter_async_context(
            self._asyncio.connect(host, int(port), configuration=settings)
        )
        return _StreamsPipe(*await connection.create_stream(), drains=self.drains)

    async def aclose(self) -> None:
        """As `Candidate.aclose`."""
        await self._tasks.cancel()
        await self._stack.aclose()
        if self._server is not None:
            self._server.close()

    def _settings(self, identity: Identity, *, is_client: bool) -> Any:  # of a package without types here
        files = Files(identity, ecdsa=self.ecdsa)
        self._files.append(files)
        made = self._configuration(is_client=is_client, alpn_protocols=[_ALPN])
        made.verify_mode = ssl.CERT_NONE if is_client else ssl.CERT_REQUIRED
        made.load_cert_chain(files.certificate, files.key)
        return made


class Qh3(Aioquic):
    """The second."""

    package = "qh3"
    packages = ("qh3",)
    remark = "takes no certificate of Ed25519: tried with one of ECDSA"
    ecdsa = True
    drains = False
