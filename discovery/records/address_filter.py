"""Which addresses of this machine others are told of: those of an interface or a subnet, or all but those."""

from __future__ import annotations

import fnmatch
import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

from .interfaces import LocalAddress

__all__ = ["AddressFilter", "passes"]

_NAMES = re.compile(r"[A-Za-z0-9._*?@-]{1,32}")


@dataclass(frozen=True, slots=True)
class AddressFilter:
    """`eth0`, `eth*`, `192.168.0.0/16`, `fd00::/8`, `10.0.0.7`: those; with `!` before it: not those.

    Raises: ValueError, from the constructor.
    """

    text: str

    def __post_init__(self) -> None:
        what = self.text.removeprefix("!")
        try:
            ipaddress.ip_network(what, strict=False)
        except ValueError:
            if "/" in what or ":" in what or not _NAMES.fullmatch(what):
                raise ValueError(
                    f"{self.text!r} is no endpoint (tcp://host:port), no interface (eth0, eth*) and no subnet "
                    "(192.168.0.0/16); with ! before an interface or subnet, its addresses are left out"
                ) from None

    def __str__(self) -> str:
        return self.text

    @property
    def excludes(self) -> bool:
        """Whether it says which not."""
        return self.text.startswith("!")

    def matches(self, address: LocalAddress) -> bool:
        """Whether it speaks of that address."""
        what = self.text.removeprefix("!")
        try:
            return address.ip in ipaddress.ip_network(what, strict=False)
        except ValueError:
            return fnmatch.fnmatchcase(address.interface, what)


def passes(address: LocalAddress, filters: Iterable[AddressFilter]) -> bool:
    """Whether others are told of it: one filter includes it, or none includes any, and none leaves it out."""
    filters = tuple(filters)
    including = [one for one in filters if not one.excludes]
    if including and not any(one.matches(address) for one in including):
        return False
    return not any(one.matches(address) for one in filters if one.excludes)
