"""TCP, always with TLS 1.3 unless plain text is asked for by name."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import socket
import ssl
from dataclasses import replace
from functools import partial
from typing import Final, cast

from ...actors.base import DialFailed, HandshakeFailed, ListenFailed
from .arrival_limit import ArrivalLimit
from .endpoint import Endpoint, why_another
from .identity import Identity
from .names import Names
from .path_size import NarrowPlaces
from .schemes import Scheme, register
from .socket_connect import connect
from .socket_handshake import open_stream
from .socket_listener import SocketListener
from .socket_stream import SocketStream
from .tls import client_context, server_context
from .transport import MAX_CONNECTIONS_PER_ADDRESS_PER_SECOND, Refused, expected_peer
from .transport_kind import TransportKind, TransportOptions

__all__ = ["TCP", "TcpTransport"]

#: Connections that the kernel keeps ready; more are refused or wait at the caller.
_BACKLOG: Final = 128
#: Seconds of silence before the kernel asks, between its questions, and how many it asks: finds a
#: vanished host within a minute even if nobody above sends anything.
_KEEPALIVE: Final = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}
#: Bytes that the kernel takes beyond what the path holds: what it has taken, nothing overtakes. Two writes.
_NOT_SENT: Final = 128 * 1024
#: Milliseconds that sent bytes may stay unacknowledged (RFC 5482), instead of Linux's 15 minutes.
_USER_TIMEOUT: Final = 60_000

#: Seconds that a listener waits for the address of its name.
LOOK_UP_TIMEOUT: Final = 10.0

_TCP: Final = register(Scheme.over_ip("tcp"))

#: Host and port; for IPv6 also flow and zone.
_Address = tuple[str, int] | tuple[str, int, int, int]


class TcpTransport:
    """`tcp://host:port`: the streams of one node, mutually authenticated by TLS 1.3.

    `names` looks up hosts. `plaintext=True` turns TLS off, and with it every proof of who is there: `identity` may then
    be None.
    Raises: ValueError if there is neither an identity nor `plaintext`.
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
        self._names = Names() if names is None else names
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
        self._narrow_places = NarrowPlaces()

    async def dial(self, endpoint: Endpoint, *, expect: str | None, timeout: float) -> SocketStream:
        """As `Transport.dial`; tries each address of the name, sharing the time among them."""
        wanted = expected_peer(self, endpoint, expect)
        if endpoint.port == 0:
            raise DialFailed(f"{endpoint}: port 0 is for listening")
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        failures: list[str] = []
        refusal: HandshakeFailed | None = None
        try:
            async with asyncio.timeout_at(deadline):
                addresses = await self._resolve(endpoint.host, endpoint.port, timeout)
        except TimeoutError as error:
            raise DialFailed(f"{endpoint}: the name was not resolved in {timeout} s") from error
        except (OSError, UnicodeError) as error:
            raise DialFailed(f"{endpoint}: the name cannot be resolved: {_why(error)}") from error
        for left, (family, address) in zip(range(len(addresses), 0, -1), addresses, strict=True):
            share = (deadline - loop.time()) / left
            try:
                async with asyncio.timeout(share):
                    return await self._dial_address(family, address, wanted)
            except HandshakeFailed as error:
                refusal = error
            except TimeoutError:
                failures.append(f"{_which(address, endpoint)}no answer within {share:.1f} s")
            except OSError as error:
                failures.append(f"{_which(address, endpoint)}{_why(error)}")
        if refusal is not None:
            raise refusal
        raise DialFailed(f"{endpoint}: {'; '.join(failures)}")

    async def places(self, endpoint: Endpoint, *, timeout: float) -> tuple[Endpoint, ...]:
        """As `ManyPlaces.places`."""
        if not endpoint.is_name:
            return (endpoint,)
        try:
            found = await self._names.find(endpoint.host, timeout=timeout)
        except TimeoutError as error:
            raise DialFailed(f"{endpoint}: the name was not resolved in {timeout} s") from error
        except (OSError, UnicodeError) as error:
            raise DialFailed(f"{endpoint}: the name cannot be resolved: {_why(error)}") from error
        return tuple(replace(endpoint, host=host) for host in found)

    async def listen(self, endpoint: Endpoint, *, on_refused: Refused | None = None) -> SocketListener:
        """As `Transport.listen`; a name listens on its first address only."""
        expected_peer(self, endpoint, None)
        try:
            family, address = (await self._resolve(endpoint.host, endpoint.port, LOOK_UP_TIMEOUT))[0]
        except TimeoutError as error:
            raise ListenFailed(f"{endpoint}: the name was not resolved in {LOOK_UP_TIMEOUT} s") from error
        except (OSError, UnicodeError) as error:
            raise ListenFailed(f"{endpoint}: the name cannot be resolved: {_why(error)}") from error
        try:
            sock = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:
            raise ListenFailed(f"{endpoint}: {_why(error)}") from error
        try:
            sock.setblocking(False)
            # A restarted node gets its port back while old connections are in TIME_WAIT.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.bind(address)
            sock.listen(_BACKLOG)
        except OSError as error:
            sock.close()
            raise ListenFailed(f"{endpoint}: {_why(error)}") from error
        return SocketListener(
            sock,
            _endpoint_of(sock.getsockname()).with_peer(self._own_id),
            welcome=self._welcome,
            source=_endpoint_of,
            hears_first=self._server_tls is not None,
            limit=ArrivalLimit(self._per_second),
            on_refused=on_refused,
        )

    async def _resolve(self, host: str, port: int, timeout: float) -> list[tuple[int, _Address]]:
        """Every address of a host, in the system's order (RFC 6724), each once."""
        try:
            return _numeric(host, port)
        except socket.gaierror:
            found = await self._names.find(host, timeout=timeout)
        return [address for one in found for address in _numeric(one, port)]

    async def _dial_address(self, family: int, address: _Address, wanted: str | None) -> SocketStream:
        loop = asyncio.get_running_loop()
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            _tune(sock)
            self._narrow_places.prepare(sock, *address[:2])
            await connect(loop, sock, address)
        except BaseException:
            sock.close()
            raise
        stream = await self._open(sock, wanted, server_side=False)
        stream.on_narrow = partial(self._narrow_places.narrow, *address[:2])
        return stream

    async def _welcome(self, sock: socket.socket, source: Endpoint | None) -> SocketStream:
        del source  # asked of the socket again: there it is certain
        try:
            _tune(sock)
        except OSError:
            sock.close()
            raise
        return await self._open(sock, None, server_side=True)

    async def _open(self, sock: socket.socket, wanted: str | None, *, server_side: bool) -> SocketStream:
        try:
            local, remote = _endpoint_of(sock.getsockname()), _endpoint_of(sock.getpeername())
        except OSError:
            sock.close()
            raise
        tls = self._server_tls if server_side else self._client_tls
        stream = await open_stream(sock, tls=tls, server_side=server_side)
        stream.place(local, remote, own_id=self._own_id)
        why = why_another(wanted, stream.peer_id)
        if why is not None:
            stream.abort()
            raise HandshakeFailed("node_id", why)
        return stream


def _make(options: TransportOptions) -> TcpTransport:
    return TcpTransport(
        options.identity,
        max_connections_per_address_per_second=options.arrivals_per_address,
    )


TCP: Final = TransportKind(scheme=_TCP, make=_make)


def _numeric(host: str, port: int) -> list[tuple[int, _Address]]:
    """The socket addresses of an IP address: no name server is asked."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    return list(dict.fromkeys((family, cast("_Address", address)) for family, *_, address in found))


def _which(address: _Address, endpoint: Endpoint) -> str:
    """Of several addresses of a name, the one that a failure is of."""
    return "" if address[0] == endpoint.host else f"{address[0]}: "


def _why(error: OSError | UnicodeError) -> str:
    """What the system says of a failure. asyncio says instead which address it was, which is known here."""
    if not isinstance(error, OSError) or error.errno is None or error.strerror is None:
        return str(error)
    return os.strerror(error.errno) if error.strerror.startswith("Connect call failed") else error.strerror


def _tune(sock: socket.socket) -> None:
    # A reply must not wait for the acknowledgement of what went before (RFC 1122 §4.2.3.4).
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    options = {**_KEEPALIVE, "TCP_USER_TIMEOUT": _USER_TIMEOUT, "TCP_NOTSENT_LOWAT": _NOT_SENT}
    for name, value in options.items():
        # Not every system has each of them, and none is needed for correctness.
        with contextlib.suppress(OSError, AttributeError):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _endpoint_of(address: object) -> Endpoint:
    host, port, *scoped = cast("tuple[str, int] | tuple[str, int, int, int]", address)
    host = host.partition("%")[0]
    if len(scoped) == 2 and scoped[1]:
        # A link-local address alone says no place: the zone is the link on which it was met (RFC 4007 §11).
        with contextlib.suppress(OSError, ValueError):
            return Endpoint("tcp", host=f"{host}%{socket.if_indextoname(scoped[1])}", port=port)
        return Endpoint("tcp", host=f"{host}%{scoped[1]}", port=port)
    return Endpoint("tcp", host=str(ipaddress.ip_address(host)), port=port)
