"""Stands between a socket of zeroconf and zeroconf: what goes beyond a machine's share is not heard."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from .heard_from import HeardFrom

if TYPE_CHECKING:
    from zeroconf import Zeroconf

__all__ = ["Sifter", "sift"]

#: Whether a packet from a host is heard.
Admits = Callable[[bytes, str], bool]


class Sifter(asyncio.DatagramProtocol):
    """Passes on to `behind` what `admits` lets through."""

    def __init__(self, behind: asyncio.DatagramProtocol, admits: Admits) -> None:
        self._behind = behind
        self._admits = admits

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        """A packet came."""
        if self._admits(data, str(addr[0])):
            self._behind.datagram_received(data, addr)

    def error_received(self, exc: Exception) -> None:
        """The socket has an error."""
        self._behind.error_received(exc)

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone."""
        self._behind.connection_lost(exc)


def sift(zeroconf: Zeroconf, heard: HeardFrom, sifted: weakref.WeakSet[asyncio.DatagramTransport]) -> None:
    """See to it that all sockets on which it hears now are sifted; those in `sifted` are already."""
    clock = asyncio.get_running_loop().time

    def admits(data: bytes, host: str) -> bool:
        return heard.admits(data, host, clock())

    for protocol in zeroconf.engine.protocols:
        wrapped = protocol.transport
        if wrapped is not None and wrapped.transport not in sifted:
            sifted.add(wrapped.transport)
            wrapped.transport.set_protocol(Sifter(cast("asyncio.DatagramProtocol", protocol), admits))
