"""Accepts connections side by side; its UDP socket lives as long as the streams that came from it."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from pywebtransport import WebTransportConnection, WebTransportError, WebTransportServer

from peerbus.actors import HandshakeFailed, StreamClosed
from peerbus.transports import Endpoint, Identity
from peerbus.transports.streams import HANDSHAKE_TIMEOUT, Refused

from .proof import prove_as_listener
from .quic_stream import SENT, QuicStream, close_connection

__all__ = ["PATH", "QuicListener", "endpoint_at"]

#: Where in HTTP/3 the bus is.
PATH: Final = "/peerbus/1"
#: Connections that are not taken by `accept` yet; more are refused.
MOST_PENDING: Final = 64


def endpoint_at(address: tuple[str, int]) -> Endpoint:
    """The endpoint that an address of a socket is."""
    return Endpoint("quic", host=address[0], port=address[1])


class QuicListener:
    """As `peerbus.transports.Listener`. Tasks: one that waits for callers, a handshake for each; they feed `accept`.

    Once it is closed its first task refuses who calls, until the last of its streams is gone.
    """

    def __init__(
        self, server: WebTransportServer, place: Endpoint, own: Identity, *, on_refused: Refused | None
    ) -> None:
        self.endpoint = place.with_peer(own.node_id)
        self._server, self._own, self._on_refused = server, own, on_refused
        self._ready: deque[QuicStream] = deque()
        self._changed = asyncio.Event()
        self._closed = False
        #: Streams that are not gone; and whether anybody was talked to.
        self._streams, self._served = 0, False
        self._handshakes: set[asyncio.Task[None]] = set()
        self._waiting = asyncio.create_task(self._wait_for_callers())

    async def accept(self) -> QuicStream:
        """As `Listener.accept`."""
        while not self._ready:
            if self._closed:
                raise StreamClosed(f"the listener on {self.endpoint} was closed")
            self._changed.clear()
            await self._changed.wait()
        return self._ready.popleft()

    async def aclose(self) -> None:
        """As `Listener.aclose`."""
        if self._closed:
            return
        self._closed = True
        self._changed.set()
        tasks = tuple(self._handshakes)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        left = list(self._ready)
        self._ready.clear()
        for stream in left:
            stream.abort()
        await asyncio.gather(*(stream.aclose() for stream in left))
        await self._close_socket()

    async def _wait_for_callers(self) -> None:
        async for connection in self._server.incoming_connections():
            if self._closed or len(self._handshakes) + len(self._ready) >= MOST_PENDING:
                await close_connection(connection)
                self._refuse(connection, HandshakeFailed("busy", f"{MOST_PENDING} connections are pending"))
                continue
            self._served = True
            task = asyncio.create_task(self._shake_hands(connection))
            self._handshakes.add(task)
            task.add_done_callback(self._handshakes.discard)

    async def _shake_hands(self, connection: WebTransportConnection) -> None:
        try:
            async with asyncio.timeout(HANDSHAKE_TIMEOUT):
                session = await anext(aiter(connection.incoming_sessions()))
                if session.path != PATH:
                    await session.reject(status_code=404)
                    raise HandshakeFailed("protocol", f"asked for {session.path[:80]}, and not for {PATH}")
                await session.accept()
                stream = await anext(aiter(session.incoming_bidirectional_streams()))
                node = await prove_as_listener(session, stream, self._own)
        except BaseException as error:
            await close_connection(connection)
            if isinstance(error, TimeoutError):
                self._refuse(connection, HandshakeFailed("timeout", f"no handshake within {HANDSHAKE_TIMEOUT} s"))
            elif isinstance(error, WebTransportError | StopAsyncIteration):
                self._refuse(connection, HandshakeFailed("tls", str(error) or "the caller went away"))
            elif isinstance(error, HandshakeFailed):
                self._refuse(connection, error)
            else:
                raise
            return
        source = connection.remote_address
        remote = self.endpoint if source is None else endpoint_at((source[0], source[1]))
        self._streams += 1
        self._ready.append(QuicStream(stream, self.endpoint, remote.with_peer(node), self._gone))
        self._changed.set()

    async def _gone(self) -> None:
        self._streams -= 1
        await self._close_socket()

    async def _close_socket(self) -> None:
        if self._closed and not self._streams and not self._waiting.done():
            self._waiting.cancel()
            await asyncio.gather(self._waiting, return_exceptions=True)
            if self._served:
                await asyncio.sleep(SENT)
            await self._server.close()

    def _refuse(self, connection: WebTransportConnection, error: Exception) -> None:
        if self._on_refused is not None:
            source = connection.remote_address
            where = None if source is None else endpoint_at((source[0], source[1]))
            asyncio.get_running_loop().call_soon(self._on_refused, where, error)
