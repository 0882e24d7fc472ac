"""How far an address reaches: all that are told of it can use it, and none is led to a stranger's machine."""

# Why: a peer from the outside that says "dial 127.0.0.1:22" or "dial 10.0.0.1:80" makes this node knock at its own
# doors, and one that says 0.0.0.0 at none. An address that was heard over the loopback interface may be a loopback one.

from __future__ import annotations

import enum
import ipaddress

from ...transports.streams import Endpoint

__all__ = ["Scope", "scope_of", "usable"]

#: Carriers' translated addresses (RFC 6598) are no more reachable from outside than private ones.
_SHARED = ipaddress.ip_network("100.64.0.0/10")


class Scope(enum.IntEnum):
    """From how far away an address can be dialed."""

    NOWHERE = 0
    """It is no address to dial: a wildcard, multicast, port 0."""
    MACHINE = 1
    """Only on the same machine: loopback, Unix sockets, memory."""
    LINK = 2
    """Only on the same link: link-local addresses. What answers elsewhere is another, as a cloud's 169.254.169.254."""
    NETWORK = 3
    """Only in the same network: private addresses, bare and `.local` host names."""
    WORLD = 4
    """From anywhere."""


def scope_of(endpoint: Endpoint) -> Scope:
    """From how far away that endpoint can be dialed, as far as its text says."""
    if endpoint.scheme != "tcp":
        return Scope.MACHINE
    if not endpoint.port:
        return Scope.NOWHERE
    address = _address(endpoint.host)
    if address is None:
        return _scope_of_name(endpoint.host)
    if address.is_unspecified or address.is_multicast or address == ipaddress.IPv4Address("255.255.255.255"):
        return Scope.NOWHERE
    if address.is_loopback:
        return Scope.MACHINE
    if address.is_link_local:
        return Scope.LINK
    if address.is_private or (address.version == 4 and address in _SHARED):
        return Scope.NETWORK
    return Scope.WORLD


def usable(endpoint: Endpoint, way: Scope) -> bool:
    """Whether to tell of `endpoint`, or believe it, over a connection of that scope.

    A node in this network may be told of what is in this network; one from outside may not. A path of this machine is
    nobody's to tell, however near he is.
    """
    scope = scope_of(endpoint)
    return endpoint.scheme != "unix" and scope is not Scope.NOWHERE and scope >= way


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _scope_of_name(host: str) -> Scope:
    name = host.removesuffix(".")
    if name == "localhost" or name.endswith(".localhost"):
        return Scope.MACHINE
    return Scope.NETWORK if "." not in name or name.endswith((".local", ".internal")) else Scope.WORLD
