"""How far an address reaches: all that are told of it can use it, and none is led to a stranger's machine."""

# Why: a peer from the outside that says "dial 127.0.0.1:22" or "dial 10.0.0.1:80" makes this node knock at its own
# doors, and one that says 0.0.0.0 at none. An address that was heard over the loopback interface may be a loopback one.

from __future__ import annotations

import enum
import ipaddress

__all__ = ["Scope", "address_of_host", "scope_of_host"]

#: IPv6 addresses that lead to the IPv4 one in their last 32 bits: by this machine (RFC 4291 §2.5.5), or by a translator
#: in the network (RFC 6052 §2.1, RFC 8215, RFC 2765 §2.1).
_LAST_32 = tuple(map(ipaddress.IPv6Network, ("::/96", "64:ff9b::/96", "64:ff9b:1::/48", "::ffff:0:0:0/96")))
#: Of these a network's own translator, which nobody outside of it has (RFC 8215 §3).
_TRANSLATOR = ipaddress.IPv6Network("64:ff9b:1::/48")
#: The same in the bits behind the first 16 (RFC 3056 §2).
_6TO4 = ipaddress.IPv6Network("2002::/16")
#: Not to be reached from everywhere either, whatever Python's version says: carriers' translated addresses (RFC 6598),
#: those of protocols, a cloud's metadata among them (RFC 6890 §2.2.2), private ones of before 2004 (RFC 3879).
_PRIVATE_TOO = tuple(map(ipaddress.ip_network, ("100.64.0.0/10", "192.0.0.0/24", "fec0::/10")))


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
    address = address_of_host(host)
    if address is None:
        return _scope_of_name(host)
    scope = _scope_of(_inner(address) if isinstance(address, ipaddress.IPv6Address) else address)
    return min(scope, Scope.NETWORK) if address in _TRANSLATOR else scope


def _scope_of(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> Scope:
    if address.is_unspecified or address.is_multicast or address == ipaddress.IPv4Address("255.255.255.255"):
        return Scope.NOWHERE
    if address.is_loopback:
        return Scope.MACHINE
    if address.is_link_local:
        return Scope.LINK
    if address.is_private or any(address in each for each in _PRIVATE_TOO):
        return Scope.NETWORK
    return Scope.WORLD


def address_of_host(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The IP address that a host is, with a zone or without; None for a name."""
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address that an IPv6 one leads to; itself where it leads to none."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    number = int(address)
    if number > 1 and any(address in each for each in _LAST_32):  # :: and ::1 are themselves
        return ipaddress.IPv4Address(number & 0xFFFFFFFF)
    return ipaddress.IPv4Address(number >> 80 & 0xFFFFFFFF) if address in _6TO4 else address


def _scope_of_name(host: str) -> Scope:
    name = host.lower().removesuffix(".")
    if name == "localhost" or name.endswith(".localhost"):
        return Scope.MACHINE
    return Scope.NETWORK if "." not in name or name.endswith((".local", ".internal")) else Scope.WORLD
