"""Where strangers come from, as far as one of them can choose it: what shares and penalties are counted by."""

from __future__ import annotations

import ipaddress
from typing import Final

__all__ = ["source_of"]

#: Bits that one owner of IPv6 addresses can choose freely (RFC 6177 §2), as OpenSSH's PerSourceNetBlockSize.
_OWN_BITS: Final = 64


def source_of(host: str) -> str:
    """An IPv4 address, the /64 of an IPv6 one, and of what is neither the text itself."""
    if ":" not in host:
        return host
    try:
        address = ipaddress.IPv6Address(host.partition("%")[0])
    except ValueError:
        return host
    mapped = address.ipv4_mapped
    return str(mapped) if mapped is not None else f"{int(address) >> _OWN_BITS:x}"
