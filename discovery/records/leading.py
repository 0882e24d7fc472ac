"""Where an endpoint may lead that somebody else told of: judged again when its name has been looked up."""

# A name is a stranger's word as much as an address is, and its owner decides what it leads to, at each look-up anew
# (DNS rebinding): this machine's own services, a router's page, a cloud's metadata.

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from ...transports.streams import Endpoint, Scope
from .interfaces import LocalAddress

__all__ = ["may_lead_to"]


def may_lead_to(place: Endpoint, way: Scope, here: Iterable[LocalAddress]) -> bool:
    """Whether a name that was told by somebody as far away as `way` may lead to that place.

    `here` are the machine's addresses: what is local to an IPv4 link is dialed only from that link.
    """
    address = _ip(place.host)
    only_here = address is not None and address.version == 4 and address.is_link_local
    return place.usable(way) and (not only_here or any(address in one.subnet for one in here))


def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
