"""Peers that belong together when places are shared out: those that come from one address, and those of one network."""

# Bitcoin's addrman has the idea, buckets by netgroup, and so has its choice of whom to evict: an address costs an
# attacker nothing, many networks do.

from __future__ import annotations

import ipaddress

__all__ = ["crowd_of", "network_of"]

#: Bits of an IPv4 network, of an IPv6 one, and those of IPv6 that one owner can choose freely (RFC 6177 §2).
_IPV4, _IPV6, _OWN = 16, 32, 64


def crowd_of(host: str | None) -> str:
    """The address, for IPv6 its /64: what one machine has. "" for what has none, as a stream within this process."""
    address = _address(host)
    if address is None:
        return "" if host is None else host
    return str(address) if address.version == 4 else _network(address, _OWN)


def network_of(host: str | None) -> str | None:
    """The network that an address is in for the purpose of sharing: /16 of IPv4, /32 of IPv6; None for all else."""
    address = _address(host)
    if address is None or address.is_loopback:
        return None
    return _network(address, _IPV4 if address.version == 4 else _IPV6)


def _address(host: str | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address((host or "").partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _network(address: ipaddress.IPv4Address | ipaddress.IPv6Address, bits: int) -> str:
    return str(ipaddress.ip_network((address, bits), strict=False))
