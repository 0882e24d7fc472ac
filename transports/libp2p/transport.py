"""libp2p as a carrier: `libp2p+tcp://host:port`, one connection and one stream of `/peerbus/1` for each of the bus."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from functools import partial
from typing import Final

from ...actors.base import HandshakeFailed
from ..streams import (
    MAX_CONNECTIONS_PER_ADDRESS_PER_SECOND,
    ArrivalLimit,
    Endpoint,
    Identity,
    Names,
    Refused,
    SocketListener,
    TcpSockets,
    TransportKind,
    TransportOptions,
    check_secret,
    expected_peer,
    id_mismatch,
)
from .connection import Libp2pConnection
from .identify import IDENTIFY, Identified
from .libp2p_stream import PEERBUS, Libp2pStream
from .multiaddr import SCHEME, from_multiaddr, pack_multiaddr
from .multistream import ProtocolRefused
from .noise_identity import NoiseIdentity
from .peer_ids import node_id_of_raw
from .services import PING, IdentifyServed, PingServed, ask_identify
from .substream import SubstreamOwner

__all__ = ["KIND", "Libp2pTransport"]

#: Seconds that a host which does not speak our protocol has to say what it is, for the error.
_WHO_ARE_YOU: Final = 2.0


class Libp2pTransport:
    """The streams of one node over libp2p: TCP, Noise with the node's own key, yamux.

    Whoever speaks libp2p may also ping it and ask what it is. `names` looks up hosts.
    """

    schemes: tuple[str, ...] = (SCHEME.name,)

    def __init__(
        self,
        identity: Identity,
        *,
        max_connections_per_address_per_second: int = MAX_CONNECTIONS_PER_ADDRESS_PER_SECOND,
        names: Names | None = None,
    ) -> None:
        self._own_id = identity.node_id
        self._noise = NoiseIdentity(identity)
        self._sockets = TcpSockets(SCHEME.name, names)
        self._per_second = max_connections_per_address_per_second

    async def dial(self, endpoint: Endpoint, *, expect: str | None, timeout: float) -> Libp2pStream:
        """As `Transport.dial`. HandshakeFailed has the reason `noise` where the other side does not prove who it is,
        and `protocol` where it does not speak what is needed; the text says what it is, where it does say."""
        wanted = expected_peer(self, endpoint, expect)
        return await self._sockets.dial(endpoint, timeout=timeout, open_stream=partial(self._dialed, wanted))

    async def places(self, endpoint: Endpoint, *, timeout: float) -> tuple[Endpoint, ...]:
        """As `ManyPlaces.places`."""
        return await self._sockets.places(endpoint, timeout=timeout)

    async def listen(self, endpoint: Endpoint, *, on_refused: Refused | None = None) -> SocketListener[Libp2pStream]:
        """As `Transport.listen`; a name listens on its first address only."""
        expected_peer(self, endpoint, None)
        sock = await self._sockets.listen(endpoint)
        place = self._sockets.endpoint_of(sock.getsockname()).with_peer(self._own_id)
        return SocketListener(
            sock,
            place,
            welcome=self._welcome,
            source=self._sockets.endpoint_of,
            hears_first=True,
            limit=ArrivalLimit(self._per_second),
            on_refused=on_refused,
        )

    async def _dialed(self, wanted: str | None, sock: socket.socket) -> Libp2pStream:
        local, remote = self._sockets.take_in(sock)
        connection = self._connection(sock, local, remote, wanted=wanted, initiator=True)
        try:
            await asyncio.get_running_loop().create_connection(lambda: connection, sock=sock)
            await connection.wait_upgraded()
            stream = Libp2pStream(connection)
            connection.open(PEERBUS, stream)
            try:
                await stream.wait_opened()
            except ProtocolRefused:
                raise HandshakeFailed("protocol", await _stranger(connection)) from None
        except BaseException:
            connection.abort()
            sock.close()
            raise
        stream.place(local, remote)
        stream.path = self._sockets.path_of(sock, remote)
        return stream

    async def _welcome(self, sock: socket.socket, source: Endpoint | None) -> Libp2pStream:
        del source  # asked of the socket again: there it is certain
        local, remote = self._sockets.take_in(sock)
        connection = self._connection(sock, local, remote, wanted=None, initiator=False)
        stream = Libp2pStream(connection)

        def once() -> SubstreamOwner:
            del connection.protocols[PEERBUS]  # a connection has one
            return stream

        connection.protocols[PEERBUS] = once
        try:
            await asyncio.get_running_loop().connect_accepted_socket(lambda: connection, sock)
            await connection.wait_upgraded()
            await stream.wait_opened()
        except BaseException:
            connection.abort()
            sock.close()
            raise
        stream.place(local, remote)
        stream.path = self._sockets.path_of(sock, remote)
        return stream

    def _connection(
        self, sock: socket.socket, local: Endpoint, remote: Endpoint, *, wanted: str | None, initiator: bool
    ) -> Libp2pConnection:
        connection = Libp2pConnection(
            sock, self._noise, initiator=initiator, judge=partial(_judge, wanted), protocols={}
        )
        # Where a node listens is told by its record; here only what the asker has dialed, or sees, is said.
        listens = () if initiator else (pack_multiaddr(local),)
        connection.protocols[IDENTIFY] = lambda: IdentifyServed(
            connection, addresses=listens, observed=pack_multiaddr(remote)
        )
        connection.protocols[PING] = lambda: PingServed(connection)
        return connection


def _make(options: TransportOptions) -> Libp2pTransport:
    return Libp2pTransport(options.identity, max_connections_per_address_per_second=options.arrivals_per_address)


KIND: Final = TransportKind(scheme=SCHEME, make=_make, read=from_multiaddr)


def _judge(wanted: str | None, key: bytes) -> None:
    """See who is there before it is told who is here."""
    node_id = node_id_of_raw(key)
    check_secret(node_id)
    why = id_mismatch(wanted, node_id)
    if why is not None:
        raise HandshakeFailed("node_id", why)


async def _stranger(connection: Libp2pConnection) -> str:
    """What is there instead of a node, in words."""
    said: Identified | None = None
    with contextlib.suppress(TimeoutError, OSError, ValueError, ProtocolRefused, HandshakeFailed):
        async with asyncio.timeout(_WHO_ARE_YOU):
            said = await ask_identify(connection)
    text = f"it speaks libp2p, but not {PEERBUS}"
    if said is None:
        return text
    return f"{text}: it is {said.agent[:80] or 'nameless'}, and speaks {', '.join(said.protocols)[:400] or 'nothing'}"
