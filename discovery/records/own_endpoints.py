"""Where others can reach this node: what the operator says, or what its listeners and this machine's addresses say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ...transports.streams import Endpoint
from .interfaces import addresses_of

__all__ = ["WILDCARDS", "own_endpoints"]

#: Addresses of a listener that name no address of this machine.
WILDCARDS = frozenset({"0.0.0.0", "::"})  # noqa: S104  # looked for, not bound


def own_endpoints(listening: Iterable[Endpoint], advertised: Iterable[Endpoint] = ()) -> tuple[Endpoint, ...]:
    """The endpoints to tell others: those `advertised`, if there are any, else those listened at.

    A listener on every address stands for the IPv4 addresses of this machine; where it has none, for nothing.
    """
    chosen = tuple(advertised)
    if chosen:
        return chosen
    found: list[Endpoint] = []
    for endpoint in listening:
        if endpoint.host not in WILDCARDS:
            found.append(endpoint.without_peer())
            continue
        try:
            addresses = addresses_of(None)
        except OSError:
            addresses = []
        found += [replace(endpoint, host=address, peer_id=None) for address in addresses]
    return tuple(dict.fromkeys(found))
