"""The addresses of this machine, and which of them belong to interfaces that discovery may use."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import re
import socket
import struct
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...actors.base import ConfigError

__all__ = ["INTERFACE_NAME", "IpAddress", "IpNetwork", "LocalAddress", "addresses_of", "local_addresses"]

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

#: What may be the name of an interface (Linux has 15 bytes for it): one that is not here may come.
INTERFACE_NAME = re.compile(r"(?!\.{1,2}$)[^\s/%:!*?\[\],]{1,15}")
#: ioctl that asks for an interface's flags (netdevice(7)); the bits that say it is up, and has a carrier.
_SIOCGIFFLAGS, _UP, _RUNNING = 0x8913, 0x1, 0x40
#: What stands in /proc/net/if_inet6 of an address that somebody else has, or may have: IFA_F_DADFAILED, _TENTATIVE.
_UNUSABLE = 0x08 | 0x40


@dataclass(frozen=True, slots=True)
class LocalAddress:
    """An address of this machine. `host` is without zone, `prefix` the number of bits of its subnet."""

    host: str
    prefix: int
    interface: str

    @property
    def ip(self) -> IpAddress:
        """The address as a number."""
        return ipaddress.ip_address(self.host)

    @property
    def subnet(self) -> IpNetwork:
        """The network that it is in."""
        return ipaddress.ip_network(f"{self.host}/{self.prefix}", strict=False)

    def __str__(self) -> str:
        return f"{self.host}/{self.prefix} on {self.interface}"


def local_addresses() -> tuple[LocalAddress, ...]:
    """Those of all interfaces that are up and have a carrier, in the system's order.

    Raises OSError where the system does not say, as in a sandbox without netlink.
    """
    import ifaddr  # comes with zeroconf

    unusable = _unusable()
    found: dict[LocalAddress, None] = {}
    for adapter in ifaddr.get_adapters():
        if not _works(adapter.name):
            continue
        for ip in adapter.ips:
            host = str(ipaddress.ip_address((ip.ip if isinstance(ip.ip, str) else ip.ip[0]).partition("%")[0]))
            if (adapter.name, host) not in unusable:
                found[LocalAddress(host, ip.network_prefix, adapter.name)] = None
    return tuple(found)


def addresses_of(
    interfaces: Sequence[str] | None, addresses: Iterable[LocalAddress] | None = None
) -> tuple[LocalAddress, ...]:
    """Those of `addresses` (None: of this machine) that are of these interfaces, each an address or a name (`eth0`).

    None: of all interfaces, without loopback where there is another. Raises ConfigError for what can be neither an
    address nor a name, and OSError where nothing here is what was named, or there is none at all: networks come and
    go, names are written down.
    """
    here = local_addresses() if addresses is None else tuple(addresses)
    if interfaces is None:
        return _at_least_one([a for a in here if not a.ip.is_loopback] or here, "no interface with an address")
    chosen: list[LocalAddress] = []
    missing: list[str] = []
    for interface in interfaces:
        one = [a for a in here if a.interface == interface] or [a for a in here if a.host == _address(interface)]
        chosen += one
        if not one:
            missing.append(interface)
    known = ", ".join(dict.fromkeys(a.interface for a in here)) or "none"
    named = ", ".join(missing)
    return _at_least_one(
        chosen, f"no interface here is, or has, {named}; those with an address are {known}" if named else "none named"
    )


def _address(text: str) -> str:
    """As it stands in a `LocalAddress`; a name as it is. Raises ConfigError for what is neither."""
    try:
        return str(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        if not INTERFACE_NAME.fullmatch(text):
            raise ConfigError(f"{text!r} is neither an IP address nor the name of an interface") from None
        return text


def _at_least_one(addresses: Iterable[LocalAddress], otherwise: str) -> tuple[LocalAddress, ...]:
    found = tuple(dict.fromkeys(addresses))
    if not found:
        raise OSError(errno.ENODEV, otherwise)
    return found


def _works(name: str) -> bool:
    """Whether an interface is up, and not unplugged, as far as the system says."""
    if sys.platform != "linux":
        return True
    import fcntl

    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as asker:  # any kind will do
        answer = fcntl.ioctl(asker, _SIOCGIFFLAGS, struct.pack("16s16x8x", name.encode()))
        flags: int = struct.unpack_from("H", answer, 16)[0]
        return bool(flags & _UP and flags & _RUNNING)
    return True


def _unusable() -> frozenset[tuple[str, str]]:
    """IPv6 addresses that stand at an interface and do not work, or not yet: others may have them (RFC 4862 §5.4)."""
    found = set()
    with contextlib.suppress(OSError, ValueError), open("/proc/thread-self/net/if_inet6", encoding="ascii") as table:
        for line in table:
            address, _, _, _, flags, name = line.split()
            if int(flags, 16) & _UNUSABLE:
                found.add((name, str(ipaddress.IPv6Address(int(address, 16)))))
    return frozenset(found)
