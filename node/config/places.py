"""Reads where a node listens, where others are told that it is, and on which interfaces it looks for them."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterable
from dataclasses import replace

from ...discovery.records import INTERFACE_NAME, MAX_ENDPOINTS, AddressFilter, Advertised
from ...transports.kinds import check_endpoint, read_endpoint
from ...transports.streams import Endpoint, Scope
from .table import TomlTable

__all__ = ["PEER_EXAMPLE", "advertised_at", "from_outside", "interface_of", "listen_at", "reachable", "taken_twice"]

_ENDPOINT_EXAMPLE = '"tcp://0.0.0.0:7400"'
#: Where somebody else is.
PEER_EXAMPLE = '"tcp://10.0.0.2:7400"'


def listen_at(table: TomlTable) -> tuple[Endpoint, ...]:
    """The endpoints of `listen`. Raises ConfigError."""
    endpoints = table.each("listen", reachable, _ENDPOINT_EXAMPLE)
    for index, endpoint in enumerate(endpoints):
        if endpoint.peer_id:
            raise table.error(f"listen[{index}]", f"{endpoint} names a node; write {endpoint.without_peer()}")
        if endpoint in endpoints[:index] and (endpoint.port or endpoint.path):
            raise table.error(f"listen[{index}]", f"{endpoint} is there twice")
        for other in endpoints:
            if _covers(other, endpoint):
                raise table.error(f"listen[{index}]", f"{other} listens at {endpoint} as well; leave out one of them")
        try:
            check_endpoint(endpoint, listens=True)
        except ValueError as error:
            raise table.error(f"listen[{index}]", f"{endpoint}: {error}") from error
    return endpoints


#: Schemes whose ports are of TCP.
_OVER_TCP = frozenset({"tcp", "ws", "wss", "http", "https"})


def taken_twice(places: Iterable[tuple[str, str]]) -> tuple[str, str] | None:
    """Which of these keys and places cannot be had, as an earlier one has it already; and why."""
    taken: dict[tuple[str, ...], str] = {}
    for key, place in places:
        scheme, _, rest = place.partition("://")
        if not rest or scheme == "unix":
            own: tuple[str, ...] = ("unix", os.path.realpath(rest or scheme))
        elif scheme in _OVER_TCP and not rest.partition("/")[0].endswith(":0"):
            own = ("tcp", rest.partition("/")[0].rpartition("@")[2])
        else:
            continue
        if (other := taken.setdefault(own, key)) != key:
            return key, f"{place} is where {other} is as well; write another place for one of them"
    return None


def _covers(wide: Endpoint, other: Endpoint) -> bool:
    """Whether one listens at every address of the machine, and the other at one of them, at the same port."""
    same_port = wide.scheme == other.scheme and wide.port == other.port != 0
    if not (wide != other and same_port and wide.host in {"0.0.0.0", "::"}):  # noqa: S104 - compared
        return False
    try:
        return ipaddress.ip_address(wide.host).version == ipaddress.ip_address(other.host).version
    except ValueError:  # a name, which may be anywhere
        return False


def from_outside(endpoint: Endpoint) -> bool:
    """Whether others than programs of this machine reach a node that listens there; port 0 is any port."""
    place = replace(endpoint, port=1) if endpoint.host and not endpoint.port else endpoint
    return place.scope is not Scope.MACHINE


def advertised_at(table: TomlTable) -> tuple[Advertised, ...]:
    """The endpoints and filters of `advertise`. Raises ConfigError."""
    said = table.each("advertise", _advertised, f'{PEER_EXAMPLE}, "eth0" or "!10.0.0.0/8"')
    for index, one in enumerate(said):
        if isinstance(one, AddressFilter):
            continue
        if one.peer_id:
            raise table.error(f"advertise[{index}]", f"{one} names a node; write {one.without_peer()}")
        if not one.is_place:
            raise table.error(f"advertise[{index}]", f"{one} cannot be dialed; write {PEER_EXAMPLE}")
    endpoints = [one for one in said if isinstance(one, Endpoint)]
    if len(endpoints) > MAX_ENDPOINTS:
        raise table.error("advertise", f"{len(endpoints)} endpoints; peers are told of at most {MAX_ENDPOINTS}")
    return said


def _advertised(text: str) -> Advertised:
    return reachable(text) if "://" in text or text.startswith("/") else AddressFilter(text)


def reachable(text: str) -> Endpoint:
    """An endpoint that more than this process can reach. Raises ValueError."""
    endpoint = read_endpoint(text)
    check_endpoint(endpoint)
    return endpoint


def interface_of(text: str) -> str:
    """An IP address, or what may be the name of an interface. Raises ValueError."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        if INTERFACE_NAME.fullmatch(text):  # one that is not here may come, and is waited for
            return text
        raise ValueError(f"{text!r} is neither an IP address nor the name of an interface") from None
