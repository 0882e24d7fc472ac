"""TCP, always with TLS 1.3 unless plain text is asked for by name."""

from __future__ import annotations

import socket
import ssl
from functools import partial
from typing import Final

from ...actors.base import HandshakeFailed, spelled
from .arrival_limit import ArrivalLimit
from .endpoint import Endpoint
from .identity import Identity, id_mismatch
from .names import Names
from .schemes import Scheme, register
from .socket_handshake import open_stream
from .socket_listener import SocketListener
from .socket_stream import SocketStream
from .tcp_sockets import TcpSockets
from .tls import client_context, server_context
from .transport import MAX_CONNECTIONS_PER_ADDRESS_PER_SECOND, Refused, expected_peer
from .transport_kind import TransportKind, TransportOptions

__all__ = ["TCP", "TcpTransport"]

_TCP: Final = register(Scheme.over_ip("tcp"))


@spelled
class TcpTransport:
    """`tcp://host:port`: the streams of one node, mutually authenticated by TLS 1.3.

    `names` looks up hosts. `plaintext=True` turns TLS off, and with it every proof of who is there: `identity` may then
    be None.
    Raises: ValueError if there is neither an identity nor `plaintext`.

    ```python
    identity = Identity.generate()
    bob = Node("bob", identity=identity, transports=[TcpTransport(identity)], listen=["tcp://127.0.0.1:0"])
    ```
    """

    schemes: tuple[str, ...] = (_TCP.name,)

    def __init__(
        self,
        identity: Identity | None = None,
        *,
        plaintext: bool = False,
        max_connections_per_address_per_second: int = MAX_CONNECTIONS_PER_ADDRESS_PER_SECOND,
        names: Names | None = None,
    ) -> None:
        self._sockets = TcpSockets(_TCP.name, names)
        self._own_id: str | None = None
        self._server_tls: ssl.SSLContext | None = None
        self._client_tls: ssl.SSLContext | None = None
        if not plaintext:
            if identity is None:
                raise ValueError("TcpTransport needs an identity; without one, say plaintext=True")
            self._own_id = identity.node_id
            self._server_tls = server_context(identity)
            self._client_tls = client_context(identity)
        self._per_second = max_connections_per_address_per_second

    async def dial(self, endpoint: Endpoint, *, expect: str | None, timeout: float) -> SocketStream:
        """As `Transport.dial`; tries each address of the name, sharing the time among them."""
        wanted = expected_peer(self, endpoint, expect)
        return await self._sockets.dial(endpoint, timeout=timeout, open_stream=partial(self._dialed, wanted))

    async def places(self, endpoint: Endpoint, *, timeout: float) -> tuple[Endpoint, ...]:
        """As `ManyPlaces.places`."""
        return await self._sockets.places(endpoint, timeout=timeout)

    async def listen(self, endpoint: Endpoint, *, on_refused: Refused | None = None) -> SocketListener[SocketStream]:
        """As `Transport.listen`; a name listens on its first address only."""
        expected_peer(self, endpoint, None)
        sock = await self._sockets.listen(endpoint)
        return SocketListener(
            sock,
            self._sockets.endpoint_of(sock.getsockname()).with_peer(self._own_id),
            welcome=self._welcome,
            source=self._sockets.endpoint_of,
            hears_first=self._server_tls is not None,
            limit=ArrivalLimit(self._per_second),
            on_refused=on_refused,
        )

    async def _dialed(self, wanted: str | None, sock: socket.socket) -> SocketStream:
        return await self._open(sock, wanted, server_side=False)

    async def _welcome(self, sock: socket.socket, source: Endpoint | None) -> SocketStream:
        del source  # asked of the socket again: there it is certain
        return await self._open(sock, None, server_side=True)

    async def _open(self, sock: socket.socket, wanted: str | None, *, server_side: bool) -> SocketStream:
        local, remote = self._sockets.take_in(sock)
        tls = self._server_tls if server_side else self._client_tls
        stream = await open_stream(sock, tls=tls, server_side=server_side)
        stream.place(local, remote, own_id=self._own_id)
        why = id_mismatch(wanted, stream.peer_id)
        if why is not None:
            stream.abort()
            raise HandshakeFailed("node_id", why)
        stream.path = self._sockets.path_of(sock, remote)
        return stream


def _make(options: TransportOptions) -> TcpTransport:
    return TcpTransport(
        options.identity,
        max_connections_per_address_per_second=options.arrivals_per_address,
    )


TCP: Final = TransportKind(scheme=_TCP, make=_make)
