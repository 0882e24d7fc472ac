"""Link-local IPv6 addresses that others tell: they mean something only with the link that they were heard on."""

# RFC 4007 §11.2: a zone's name is one machine's own. What a peer says of it is about its interfaces, not about ours.

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import replace

from ...transports.streams import Endpoint

__all__ = ["can_reach", "heard_at", "share_a_place", "zone_of"]


def heard_at(endpoints: Iterable[Endpoint], zone: str) -> tuple[Endpoint, ...]:
    """The endpoints as this machine can dial them: link-local ones get the zone that they were heard on.

    Without a zone (''), as nobody knows on which link they were heard, these are left out.
    """
    found: dict[Endpoint, None] = {}
    for endpoint in endpoints:
        host = endpoint.host.partition("%")[0]
        if not _needs_zone(host):
            found[endpoint if host == endpoint.host else replace(endpoint, host=host)] = None
        elif zone:
            found[replace(endpoint, host=f"{host}%{zone}")] = None
    return tuple(found)


def zone_of(endpoint: Endpoint) -> str:
    """The zone of the address that a connection leads to, or came from; '' where it has none."""
    return endpoint.host.partition("%")[2]


def can_reach(hearer: Endpoint, endpoints: Iterable[Endpoint], links: Iterable[Endpoint | str | None]) -> bool:
    """Whether a node at `hearer` reaches one of the endpoints that another one says of itself.

    `links`: places and hosts where this node has met that one. A link-local address is good on its own link only: for
    a hearer on another link it is nobody's, or somebody else's, as each link has its `fe80::1`.
    """
    zones = {(place.host if isinstance(place, Endpoint) else place or "").partition("%")[2] for place in links}
    on_its_link = zone_of(hearer) in zones - {""}
    return any(
        each.usable(hearer.scope) and (on_its_link or not _needs_zone(each.host.partition("%")[0]))
        for each in endpoints
    )


def share_a_place(some: Iterable[Endpoint], others: Iterable[Endpoint]) -> bool:
    """Whether one is among both, zones and node ids aside: what a node says of itself has none."""
    return not {_place(one) for one in some}.isdisjoint(_place(other) for other in others)


def _place(endpoint: Endpoint) -> Endpoint:
    return replace(endpoint, host=endpoint.host.partition("%")[0], peer_id=None)


def _needs_zone(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.version == 6 and address.is_link_local
