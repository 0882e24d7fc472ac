"""What multicast DNS says of where a node is: one port with its addresses, or else endpoints in the text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ...transports.streams import Endpoint, address_of_host
from ..peer import MAX_ADDRESSES
from ..records import LocalAddress
from .service_record import DISCARD, SRV_SCHEME, text_of

__all__ = ["ONLY_LOOKS", "Presence", "presence_of", "spoken_on", "where_to_listen"]

#: In the log, of a node that advertises nothing.
ONLY_LOOKS = "mdns only looks: nothing that it listens at can be reached from there"


@dataclass(frozen=True, slots=True)
class Presence:
    """One service instance: the port of its SRV record, its A and AAAA records, and its TXT strings.

    `at` are all its endpoints where port and addresses cannot say them: host names, ports that differ, other schemes.
    """

    port: int
    addresses: tuple[str, ...]
    text: Mapping[str, str] = field(hash=False)
    at: tuple[Endpoint, ...] = ()

    def offering(self, node_id: str, network: str, roles: Iterable[str]) -> Presence:
        """The same place with other roles. Raises ValueError."""
        return replace(self, text=text_of(node_id, network, roles, self.at))


def presence_of(
    node_id: str,
    network: str,
    roles: Iterable[str],
    endpoints: Iterable[Endpoint],
    speaking: Sequence[LocalAddress],
) -> Presence | None:
    """How to say that a node is at these endpoints, from the addresses that it speaks from; None: it is nowhere.

    Raises ValueError for malformed roles.
    """
    places = [endpoint.without_peer() for endpoint in endpoints if endpoint.told and endpoint.is_place]
    places = places[:MAX_ADDRESSES]
    if not places:
        return None
    as_srv = [place for place in places if place.scheme == SRV_SCHEME]
    port = as_srv[0].port if as_srv else DISCARD
    plain = tuple(place.host for place in as_srv if place.port == port and address_of_host(place.host))
    if len(plain) == len(places):
        return Presence(port, plain, text_of(node_id, network, roles))
    # A service must have an address to be found (RFC 6763 §5); readers of `at` do not dial it.
    addresses = plain or tuple(dict.fromkeys(address.host for address in speaking))[:MAX_ADDRESSES]
    return Presence(port, addresses, text_of(node_id, network, roles, tuple(places)), tuple(places))


def where_to_listen(speaking: Iterable[LocalAddress]) -> str:
    """What a node listens at that others shall dial at these addresses: 0.0.0.0 takes no IPv6, [::] nothing else."""
    versions = {address.ip.version for address in speaking if not address.ip.is_loopback}
    every = {4: '"tcp://0.0.0.0:7400"', 6: '"tcp://[::]:7400"'}
    places = [every[version] for version in sorted(versions)] or [every[4]]
    only = "this machine has IPv6 addresses only: " if versions == {6} else ""
    return f"{only}others dial a node with listen = [{', '.join(places)}]"


def spoken_on(addresses: Iterable[LocalAddress]) -> list[str]:
    """From which addresses to speak: one of each interface and IP version, the link-local one of IPv6.

    What comes from that is heard with its zone; ::1 carries no multicast.
    """
    chosen: dict[tuple[str, int], LocalAddress] = {}
    for address in addresses:
        if address.ip.version == 6 and address.ip.is_loopback:
            continue
        key = (address.interface, address.ip.version)
        if key not in chosen or (address.ip.version == 6 and address.ip.is_link_local):
            chosen[key] = address
    return [address.host for address in chosen.values()]
