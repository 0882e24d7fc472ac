"""web-transport-quinn (Rust, quinn): sessions of WebTransport, of which only the server shows a certificate."""

from __future__ import annotations

import contextlib
from typing import Any

import web_transport

from peerbus.transports import Identity, Transport

from ..pipe import Pipe, Serve
from .tasks import Tasks

__all__ = ["WebTransportQuinn"]


class _SessionPipe:
    peer = None

    def __init__(self, session: Any, sends: Any, reads: Any) -> None:
        self._session, self._sends, self._reads = session, sends, reads

    async def send(self, data: bytes) -> None:
        await self._sends.write(data)

    async def receive(self) -> bytes:
        return bytes(await self._reads.read(64 * 1024))

    async def close(self) -> None:
        await self._sends.finish()


class WebTransportQuinn:
    """As far as it goes: a server is known by the hash of its certificate, a client by nothing."""

    packages: tuple[str, ...] = ("web-transport-quinn",)
    remark = ""

    def __init__(self) -> None:
        self._stack = contextlib.AsyncExitStack()
        self._tasks = Tasks()
        self._client: Any = None
        self._sessions: list[Any] = []

    def transport(self, identity: Identity) -> Transport | None:
        """As `Candidate.transport`."""
        del identity
        return None

    async def listen(self, identity: Identity, serve: Serve) -> str:
        """As `Candidate.listen`; the key is one that the library makes, as it is to be of ECDSA."""
        del identity
        certificate, key = web_transport.generate_self_signed(["127.0.0.1"])
        server = web_transport.Server(certificate_chain=[certificate], private_key=key, bind="127.0.0.1:0")
        server = await self._stack.enter_async_context(server)
        self._tasks.begin(self._accept(server, serve))
        return f"127.0.0.1:{server.local_addr[1]}"

    async def dial(self, identity: Identity, place: str, expected: str) -> Pipe:
        """As `Candidate.dial`; whoever answers is not told."""
        del identity, expected
        if self._client is None:
            self._client = await self._stack.enter_async_context(web_transport.Client(no_cert_verification=True))
        session = await self._client.connect(f"https://{place}/")
        return _SessionPipe(session, *await session.open_bi())

    async def aclose(self) -> None:
        """As `Candidate.aclose`."""
        await self._tasks.cancel()
        await self._stack.aclose()

    async def _accept(self, server: Any, serve: Serve) -> None:
        while (request := await server.accept()) is not None:
            self._tasks.begin(self._welcome(request, serve))

    async def _welcome(self, request: Any, serve: Serve) -> None:
        session = await request.accept()
        self._sessions.append(session)  # one that nobody holds is closed
        self._tasks.serve(_SessionPipe(session, *await session.accept_bi()), serve)
