"""Reads where a node listens, where others are told that it is, and on which interfaces it looks for them."""

from __future__ import annotations

import ipaddress
import os
import stat

from ..discovery.records import INTERFACE_NAME, MAX_ENDPOINTS, AddressFilter, Advertised, names_a_place
from ..transports.streams import Endpoint, check_socket_path
from .table import TomlTable

__all__ = ["PEER_EXAMPLE", "advertised_at", "interface_of", "listen_at", "reachable"]

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
        if problem := _no_place_for_a_socket(endpoint.path):
            raise table.error(f"listen[{index}]", f"{endpoint}: {problem}")
    return endpoints


def _covers(wide: Endpoint, other: Endpoint) -> bool:
    """Whether one listens at every address of the machine, and the other at one of them, at the same port."""
    if not (wide != other and wide.port == other.port != 0 and wide.host in {"0.0.0.0", "::"}):  # noqa: S104 - compared
        return False
    try:
        return ipaddress.ip_address(wide.host).version == ipaddress.ip_address(other.host).version
    except ValueError:  # a name, which may be anywhere
        return False


def _no_place_for_a_socket(path: str) -> str:
    """Why no Unix socket can be made there; nothing where one can, or where this is no path."""
    if not path:
        return ""
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        return f"the folder {folder} does not exist"
    try:
        is_socket = stat.S_ISSOCK(os.lstat(path).st_mode)
    except OSError:  # nothing is there, or it is not for us to see: the folder will say
        return ""
    return "" if is_socket else "something that is no socket is there already"


def advertised_at(table: TomlTable) -> tuple[Advertised, ...]:
    """The endpoints and filters of `advertise`. Raises ConfigError."""
    said = table.each("advertise", _advertised, f'{PEER_EXAMPLE}, "eth0" or "!10.0.0.0/8"')
    for index, one in enumerate(said):
        if isinstance(one, AddressFilter):
            continue
        if one.peer_id:
            raise table.error(f"advertise[{index}]", f"{one} names a node; write {one.without_peer()}")
        if not names_a_place(one):
            raise table.error(f"advertise[{index}]", f"{one} cannot be dialed; write {PEER_EXAMPLE}")
    endpoints = [one for one in said if isinstance(one, Endpoint)]
    if len(endpoints) > MAX_ENDPOINTS:
        raise table.error("advertise", f"{len(endpoints)} endpoints; peers are told of at most {MAX_ENDPOINTS}")
    return said


def _advertised(text: str) -> Advertised:
    return reachable(text) if "://" in text else AddressFilter(text)


def reachable(text: str) -> Endpoint:
    """An endpoint that more than this process can reach. Raises ValueError."""
    endpoint = Endpoint.parse(text)
    if endpoint.scheme == "memory":
        raise ValueError(f"{endpoint} ends at this process")
    if endpoint.path:
        check_socket_path(endpoint)
    return endpoint


def interface_of(text: str) -> str:
    """An IP address, or what may be the name of an interface. Raises ValueError."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        if INTERFACE_NAME.fullmatch(text):  # one that is not here may come, and is waited for
            return text
        raise ValueError(f"{text!r} is neither an IP address nor the name of an interface") from None
