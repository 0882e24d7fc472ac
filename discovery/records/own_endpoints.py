"""Where others reach this node: one function of its listeners, the machine's addresses and what the operator says.

mDNS, HELLO and the signed record tell what it gives, each to its own hearers.
"""

# Law 1. Told is only where something listens: an address with the port of its own listener, IPv4 addresses for a
#        listener on 0.0.0.0 and IPv6 ones for one on [::], which takes nothing else; and no address that is gone.
# Law 2. Nobody is told of what cannot be reached from where he is: a loopback address stays on the machine. The
#        signed record goes everywhere, and its readers choose; it names such addresses last.
# Law 3. First comes what is in the hearer's own subnet, then one address of each interface and version in turn, so
#        that no interface crowds out another; container bridges, link-local and loopback addresses come last.
# Law 4. A zone names an interface of one machine, and a path a file of one: they are never told.

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ...transports.streams import Endpoint, Scope
from .address_filter import AddressFilter, passes
from .interfaces import IpAddress, IpNetwork, LocalAddress

__all__ = ["EVERYBODY", "Advertised", "Hearers", "nearest_first", "own_endpoints"]

#: What an operator may say of where a node is reached: endpoints, and which of the machine's addresses.
Advertised = Endpoint | AddressFilter

#: Names of bridges and virtual interfaces that containers and virtual machines of this machine are on: whoever is
#: there finds the machine by these addresses, and nobody else does.
_BRIDGES: Final = re.compile(
    r"(docker|veth|virbr|vmnet|vboxnet|lxcbr|lxdbr|podman|cni|cali|flannel|nodelocaldns|kube-|br-[0-9a-f]{12}$).*"
)


@dataclass(frozen=True, slots=True)
class Hearers:
    """Those that hear: how far away they are (None: anywhere), and the subnets that they are known to be in."""

    scope: Scope | None = None
    subnets: frozenset[IpNetwork] = frozenset()
    #: On interfaces of this machine, whose link-local addresses they can dial; None: not known.
    links: frozenset[str] | None = None

    @classmethod
    def at(cls, remote: Endpoint | None, addresses: Iterable[LocalAddress]) -> Hearers:
        """Whoever is at the other end of a connection."""
        if remote is None:
            return EVERYBODY
        ip, zone = _ip(remote.host), remote.host.partition("%")[2]
        near = [a for a in addresses if ip is not None and ip in a.subnet and zone in ("", a.interface)]
        links = frozenset(a.interface for a in near) if ip is not None and ip.is_link_local else frozenset[str]()
        return cls(remote.scope, frozenset(a.subnet for a in near), links)

    @classmethod
    def on(cls, addresses: Sequence[LocalAddress]) -> Hearers:
        """Whoever hears what is multicast from these addresses."""
        local = all(address.ip.is_loopback for address in addresses)
        subnets = frozenset(a.subnet for a in addresses)
        return cls(Scope.MACHINE if local else Scope.LINK, subnets, frozenset(a.interface for a in addresses))


#: Anybody that a signed record may come to.
EVERYBODY: Final = Hearers()


def own_endpoints(
    listening: Iterable[Endpoint],
    addresses: Sequence[LocalAddress] = (),
    advertise: Iterable[Advertised] = (),
    hearers: Hearers = EVERYBODY,
) -> tuple[Endpoint, ...]:
    """The endpoints to tell those that hear, the best first, each once; as many as there are.

    `addresses` are the machine's; where none are known, a listener on every address stands for nothing and another for
    itself. `advertise`: endpoints are told in place of where the node listens; filters say of which addresses it is
    told, beside the endpoints if there are any.
    """
    said = tuple(advertise)
    filters = [one for one in said if isinstance(one, AddressFilter)]
    written = [_unzoned(one.without_peer()) for one in said if isinstance(one, Endpoint)]
    found = [] if written and not filters else list(_listened_at(listening, addresses, filters))
    if any(place.kind < _LINK_LOCAL for place in found) and not hearers.subnets:
        found = [place for place in found if place.kind != _LINK_LOCAL]  # of no use without knowing which link
    if hearers.links is not None:
        found = [p for p in found if p.kind != _LINK_LOCAL or p.interface in hearers.links]
    found.sort(key=lambda place: (not _is_near(place.endpoint, hearers.subnets), place.kind, place.turn))
    told = dict.fromkeys([*written, *(_unzoned(place.endpoint) for place in found)])
    return tuple(one for one in told if one.told and (hearers.scope is None or one.usable(hearers.scope)))


def nearest_first(endpoints: Iterable[Endpoint], addresses: Iterable[LocalAddress]) -> tuple[Endpoint, ...]:
    """Endpoints that others tell, those in a subnet of this machine first, else in their order."""
    subnets = frozenset(address.subnet for address in addresses)
    return tuple(sorted(endpoints, key=lambda endpoint: not _is_near(endpoint, subnets)))


_ORDINARY, _BRIDGE, _LINK_LOCAL, _MACHINE = range(4)


@dataclass(frozen=True, slots=True)
class _Place:
    endpoint: Endpoint
    interface: str
    kind: int
    #: How many addresses of its interface, version and port came before it.
    turn: int


def _listened_at(
    listening: Iterable[Endpoint], addresses: Sequence[LocalAddress], filters: Sequence[AddressFilter]
) -> Iterator[_Place]:
    turns: Counter[tuple[str, int, int]] = Counter()
    chosen = [address for address in addresses if passes(address, filters)]
    outside = [address for address in chosen if not address.ip.is_loopback] or chosen
    for endpoint in listening:
        ip = _ip(endpoint.host) if endpoint.direct else None
        if ip is None:
            yield _Place(endpoint.without_peer(), "", _kind(endpoint, None), 0)
        elif ip.is_unspecified:
            for address in outside:
                if address.ip.version == ip.version:
                    place = replace(endpoint, host=address.host, peer_id=None)
                    key = (address.interface, ip.version, endpoint.port)
                    bridge = address.interface if not filters else ""  # named by the operator, it is one like others
                    yield _Place(place, address.interface, _kind(place, bridge), turns[key])
                    turns[key] += 1
        else:
            zone = endpoint.host.partition("%")[2]
            here = [a for a in chosen if a.ip == ip and zone in ("", a.interface)]
            if here or not addresses or (ip.is_loopback and (not filters or _by_loopback(chosen))):
                interface = here[0].interface if here else zone
                yield _Place(endpoint.without_peer(), interface, _kind(endpoint, None), 0)


def _by_loopback(addresses: Iterable[LocalAddress]) -> bool:
    """Linux has all of 127.0.0.0/8, and lists the one."""
    return any(address.ip.is_loopback for address in addresses)


def _kind(endpoint: Endpoint, interface: str | None) -> int:
    ip = _ip(endpoint.host)
    if endpoint.scope <= Scope.MACHINE:
        return _MACHINE
    if ip is not None and ip.is_link_local:
        return _LINK_LOCAL
    return _BRIDGE if interface and _BRIDGES.match(interface) else _ORDINARY


def _is_near(endpoint: Endpoint, subnets: Iterable[IpNetwork]) -> bool:
    ip = _ip(endpoint.host) if endpoint.direct else None
    # Every link has the subnet of link-local addresses, so it says nothing.
    return ip is not None and not ip.is_link_local and any(ip in subnet for subnet in subnets)


def _unzoned(endpoint: Endpoint) -> Endpoint:
    return replace(endpoint, host=endpoint.host.partition("%")[0]) if "%" in endpoint.host else endpoint


def _ip(host: str) -> IpAddress | None:
    try:
        ip = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return ip if mapped is None else mapped
