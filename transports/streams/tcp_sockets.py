"""TCP as carriers use it: names that are looked up, each address of one dialed in turn, sockets that are tuned."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import os
import socket
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final, TypeVar, cast

from ...actors.base import DialFailed, HandshakeFailed, ListenFailed
from .endpoint import Endpoint
from .names import Names
from .path_size import NarrowPlaces, TcpPath
from .scope import address_of_host
from .socket_connect import connect

__all__ = ["TcpSockets"]

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

#: Host and port; for IPv6 also flow and zone.
_Address = tuple[str, int] | tuple[str, int, int, int]
_S = TypeVar("_S")


class TcpSockets:
    """The sockets of one carrier over TCP. `scheme`: that of its endpoints; `names` looks up hosts."""

    def __init__(self, scheme: str, names: Names | None = None) -> None:
        self._scheme = scheme
        self._names = Names() if names is None else names
        self._narrow_places = NarrowPlaces()

    async def dial(
        self,
        endpoint: Endpoint,
        *,
        timeout: float,
        open_stream: Callable[[socket.socket], Awaitable[_S]],
    ) -> _S:
        """Connect to each address of the name, sharing the time among them, until `open_stream` makes something of one.

        `open_stream` owns the socket from then on.
        Raises: DialFailed; HandshakeFailed, where that was raised at one of them and none was better.
        """
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
            raise DialFailed(f"{endpoint}: {_unresolved(error)}") from error
        for left, (family, address) in zip(range(len(addresses), 0, -1), addresses, strict=True):
            share = (deadline - loop.time()) / left
            try:
                async with asyncio.timeout(share):
                    sock = await self._connect(family, address)
                    return await self._opened(open_stream, sock, address[0])
            except HandshakeFailed as error:
                refusal = error
            except TimeoutError:
                failures.append(f"{_which(address, endpoint)}no answer within {share:.1f} s")
            except OSError as error:
                failures.append(f"{_which(address, endpoint)}{_why(error)}{_zone_missing(error, address[0])}")
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
            raise DialFailed(f"{endpoint}: {_unresolved(error)}") from error
        return tuple(replace(endpoint, host=host) for host in found)

    async def listen(self, endpoint: Endpoint) -> socket.socket:
        """A socket that listens there; of a name on its first address only. Raises: ListenFailed."""
        try:
            family, address = (await self._resolve(endpoint.host, endpoint.port, LOOK_UP_TIMEOUT))[0]
        except TimeoutError as error:
            raise ListenFailed(f"{endpoint}: the name was not resolved in {LOOK_UP_TIMEOUT} s") from error
        except (OSError, UnicodeError) as error:
            raise ListenFailed(f"{endpoint}: {_unresolved(error)}; write an address") from error
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
            cure = _zone_missing(error, address[0]) or _cure(error, endpoint)
            raise ListenFailed(f"{endpoint}: {_why(error)}{cure}") from error
        return sock

    def endpoint_of(self, address: object) -> Endpoint:
        """The endpoint that a socket's address is."""
        host, port, *scoped = cast("tuple[str, int] | tuple[str, int, int, int]", address)
        host = host.partition("%")[0]
        if len(scoped) == 2 and scoped[1]:
            # A link-local address alone says no place: the zone is the link on which it was met (RFC 4007 §11).
            with contextlib.suppress(OSError, ValueError):
                return Endpoint(self._scheme, host=f"{host}%{socket.if_indextoname(scoped[1])}", port=port)
            return Endpoint(self._scheme, host=f"{host}%{scoped[1]}", port=port)
        return Endpoint(self._scheme, host=str(ipaddress.ip_address(host)), port=port)

    def take_in(self, sock: socket.socket) -> tuple[Endpoint, Endpoint]:
        """Tune a connected socket; where it ends here and there. Raises OSError, and closes it then."""
        try:
            tune(sock)
            return self.endpoint_of(sock.getsockname()), self.endpoint_of(sock.getpeername())
        except OSError:
            sock.close()
            raise

    def path_of(self, sock: socket.socket, remote: Endpoint) -> TcpPath:
        """The path of a connected socket."""
        return TcpPath(sock, remote.host, self._narrow_places)

    async def _opened(
        self, open_stream: Callable[[socket.socket], Awaitable[_S]], sock: socket.socket, host: str
    ) -> _S:
        try:
            return await open_stream(sock)
        except asyncio.CancelledError:  # its time is over, and nothing came
            self._narrow_places.unanswered(host, time.monotonic())
            raise

    async def _resolve(self, host: str, port: int, timeout: float) -> list[tuple[int, _Address]]:
        """Every address of a host, in the system's order (RFC 6724), each once."""
        try:
            return _numeric(host, port)
        except socket.gaierror:
            address, _, zone = host.partition("%")
            if zone and address_of_host(address):
                raise _NoSuchZoneHere(zone) from None
            found = await self._names.find(host, timeout=timeout)
        return [address for one in found for address in _numeric(one, port)]

    async def _connect(self, family: int, address: _Address) -> socket.socket:
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            tune(sock)
            self._narrow_places.prepare(sock, address[0], time.monotonic())
            await connect(asyncio.get_running_loop(), sock, address)
        except BaseException:
            sock.close()
            raise
        return sock


def tune(sock: socket.socket) -> None:
    """Set what a connection of messages needs. Raises OSError."""
    # A reply must not wait for the acknowledgement of what went before (RFC 1122 §4.2.3.4).
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    options = {**_KEEPALIVE, "TCP_USER_TIMEOUT": _USER_TIMEOUT, "TCP_NOTSENT_LOWAT": _NOT_SENT}
    for name, value in options.items():
        # Not every system has each of them, and none is needed for correctness.
        with contextlib.suppress(OSError, AttributeError):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _numeric(host: str, port: int) -> list[tuple[int, _Address]]:
    """The socket addresses of an IP address: no name server is asked."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    return list(dict.fromkeys((family, cast("_Address", address)) for family, *_, address in found))


class _NoSuchZoneHere(OSError):
    """The zone of an address is no interface of this machine (yet): no name server knows better."""

    def __str__(self) -> str:
        return f"no interface is called {self.args[0]!r} here: `ip link` shows them"


def _unresolved(error: OSError | UnicodeError) -> str:
    return str(error) if isinstance(error, _NoSuchZoneHere) else f"the name cannot be resolved: {_why(error)}"


def _zone_missing(error: OSError, host: str) -> str:
    """What to do about a link-local address that says no link (RFC 4007 §11), which the system calls invalid."""
    address = address_of_host(host)
    if error.errno != errno.EINVAL or "%" in host or address is None:
        return ""
    if address.version == 4 or not address.is_link_local:
        return ""
    return f"; a link-local address says the interface as well: [{host}%eth0], as `ip address` shows it"


def _which(address: _Address, endpoint: Endpoint) -> str:
    """Of several addresses of a name, the one that a failure is of."""
    return "" if address[0] == endpoint.host else f"{address[0]}: "


def _cure(error: OSError, endpoint: Endpoint) -> str:
    """What an operator may do about a socket that cannot be bound there."""
    if error.errno == errno.EADDRINUSE:
        return (
            f"; another program listens there, or this node a second time: `ss -ltnp sport = :{endpoint.port}` shows "
            "which; end it, or listen at another port"
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return "; that is no address of this machine: `ip address` shows them, 0.0.0.0 and [::] stand for all"
    if error.errno in (errno.EACCES, errno.EPERM) and 0 < endpoint.port < 1024:
        return "; a port below 1024 needs the right CAP_NET_BIND_SERVICE: listen at a higher one, or grant it"
    return ""


def _why(error: OSError | UnicodeError) -> str:
    """What the system says of a failure. asyncio says instead which address it was, which is known here."""
    if not isinstance(error, OSError) or error.errno is None or error.strerror is None:
        return str(error)
    return os.strerror(error.errno) if error.strerror.startswith("Connect call failed") else error.strerror
