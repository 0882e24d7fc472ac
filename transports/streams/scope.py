"""How far an address reaches: all that are told of it can use it, and none is led to a stranger's machine."""

# Why: a peer from the outside that says "dial 127.0.0.1:22" or "dial 10.0.0.1:80" makes this node knock at its own
# doors, and one that says 0.0.0.0 at none. An address that was heard over the loopback interface may be a loopback one.

from __future__ import annotations

import enum
import ipaddress

__all__ = ["Scope", "scope_of_host"]

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


def scope_of_host(host: str) -> Scope:
    """From how far away a host can be reached, an IP address (with a zone, or without) or a name."""
    address = _address(host)
    if address is None:
        return _scope_of_name(host)
    if address.is_unspecified or address.is_multicast or address == ipaddress.IPv4Address("255.255.255.255"):
        return Scope.NOWHERE
    if address.is_loopback:
        return Scope.MACHINE
    if address.is_link_local:
        return Scope.LINK
    if address.is_private or (address.version == 4 and address in _SHARED):
        return Scope.NETWORK
    return Scope.WORLD


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _scope_of_name(host: str) -> Scope:
    name = host.lower().removesuffix(".")
    if name == "localhost" or name.endswith(".localhost"):
        return Scope.MACHINE
    return Scope.NETWORK if "." not in name or name.endswith((".local", ".internal")) else Scope.WORLD
