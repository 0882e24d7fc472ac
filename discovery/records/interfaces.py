"""The network interfaces of this machine that discovery may use, and their addresses."""

from __future__ import annotations

import errno
import ipaddress
from collections.abc import Sequence

from ...actors.base import ConfigError

__all__ = ["addresses_of"]


def addresses_of(interfaces: Sequence[str] | None) -> list[str]:
    """The IP addresses of these interfaces, each named by an address or by its name (`eth0`).

    None: the IPv4 addresses of all interfaces, without loopback where there is another. Raises
    ConfigError for what is neither an address nor a name here, and OSError where no interface has
    the address, or none has any: networks come and go, names are written down.
    """
    import ifaddr  # comes with zeroconf

    adapters = list(ifaddr.get_adapters())
    # ifaddr gives IPv6 addresses as tuples with flow and scope; mDNS on all interfaces is IPv4.
    named = {a.name: [ip.ip for ip in a.ips if isinstance(ip.ip, str)] for a in adapters}
    present = {ip.ip if isinstance(ip.ip, str) else ip.ip[0] for a in adapters for ip in a.ips}
    if interfaces is None:
        everything = [address for addresses in named.values() for address in addresses]
        outside = [a for a in everything if not ipaddress.ip_address(a).is_loopback]
        return _at_least_one(outside or everything)
    chosen: list[str] = []
    for interface in interfaces:
        if interface in named:
            chosen += named[interface]
            continue
        try:
            address = str(ipaddress.ip_address(interface))
        except ValueError:
            known = ", ".join(sorted(named)) or "none"
            raise ConfigError(
                f"{interface!r} is neither an IP address nor an interface of this machine; it has {known}"
            ) from None
        if address not in present:
            # zeroconf would find out too, but leaves a socket open when it does (0.154).
            raise OSError(errno.ENODEV, f"no interface of this machine has {address}")
        chosen.append(address)
    return _at_least_one(chosen)


def _at_least_one(addresses: list[str]) -> list[str]:
    if not addresses:
        raise OSError(errno.ENODEV, "no interface with an address")
    return list(dict.fromkeys(addresses))
