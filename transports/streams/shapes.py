"""How endpoints are written: what stands behind `scheme://`, read, checked and written again."""

from __future__ import annotations

import ipaddress
import re
from typing import Final, NamedTuple, Protocol

__all__ = [
    "HOST_AND_PORT",
    "NAME",
    "PATH",
    "HostAndPort",
    "Location",
    "NamePlain",
    "PathAbsolute",
    "Shape",
    "canonical_host",
]

_NAME_TEXT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
#: RFC 1123 §2.1, plus the underscore that is found in the wild.
_HOST_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_ZONE = re.compile(r"[A-Za-z0-9._-]{1,15}")
_MAX_HOST_LENGTH: Final = 253
_MAX_PORT: Final = 65_535


class Location(NamedTuple):
    """An endpoint without its scheme and node: as much of it as the scheme has."""

    host: str = ""
    port: int = 0
    path: str = ""


class Shape(Protocol):
    """How the endpoints of a scheme are written: `write` undoes `read`, and what `checked` gives it leaves as it is."""

    def read(self, text: str) -> Location:
        """What stands behind `scheme://` and the node id. Raises ValueError."""
        ...

    def checked(self, place: Location) -> Location:
        """The same place in its one spelling. Raises ValueError for what the scheme has no place for."""
        ...

    def write(self, place: Location) -> str:
        """What stands behind `scheme://` and the node id."""
        ...


class HostAndPort:
    """`host:port`, an IPv6 address in brackets; port 0 asks a listener for any free port."""

    def read(self, text: str) -> Location:
        """As `Shape.read`."""
        host, colon, port = text.rpartition(":")
        if not colon or host.endswith(":") or (host.startswith("[") and not host.endswith("]")):
            raise ValueError("needs host:port, an IPv6 host in brackets")
        if not (port.isascii() and port.isdigit() and len(port) <= len(str(_MAX_PORT))):
            raise ValueError(f"port {port!r} is not a number in 0…{_MAX_PORT}")
        if host.startswith("["):
            host = host[1:-1]
            if ":" not in host:
                raise ValueError(f"brackets are for IPv6 addresses, got {host!r}")
        elif ":" in host:
            raise ValueError("an IPv6 host stands in brackets: tcp://[::1]:7000")
        return Location(host, int(port))

    def checked(self, place: Location) -> Location:
        """As `Shape.checked`."""
        if place.path:
            raise ValueError(f"it takes no path, got {place.path!r}")
        if not 0 <= place.port <= _MAX_PORT:
            raise ValueError(f"port {place.port} is not in 0…{_MAX_PORT}")
        return Location(canonical_host(place.host), place.port)

    def write(self, place: Location) -> str:
        """As `Shape.write`."""
        return f"[{place.host}]:{place.port}" if ":" in place.host else f"{place.host}:{place.port}"


class PathAbsolute:
    """`/path`: the path of a file, of at least one part."""

    def read(self, text: str) -> Location:
        """As `Shape.read`."""
        return Location(path=text)

    def checked(self, place: Location) -> Location:
        """As `Shape.checked`."""
        _no_host(place)
        if not place.path.startswith("/") or place.path == "/" or "\0" in place.path:
            raise ValueError(f"it needs an absolute path, got {place.path!r}")
        return place

    def write(self, place: Location) -> str:
        """As `Shape.write`."""
        return place.path


class NamePlain:
    """A name of letters, digits, '.', '_' and '-', at most 128."""

    def read(self, text: str) -> Location:
        """As `Shape.read`."""
        return Location(path=text)

    def checked(self, place: Location) -> Location:
        """As `Shape.checked`."""
        _no_host(place)
        if not _NAME_TEXT.fullmatch(place.path):
            raise ValueError(f"it needs a name of letters, digits, '.', '_' and '-', at most 128, got {place.path!r}")
        return place

    def write(self, place: Location) -> str:
        """As `Shape.write`."""
        return place.path


HOST_AND_PORT: Final = HostAndPort()
PATH: Final = PathAbsolute()
NAME: Final = NamePlain()


def canonical_host(host: str) -> str:
    """The one spelling of an IP address, with its zone, or of a host name. Raises ValueError."""
    if not host:
        raise ValueError("the host is missing; 0.0.0.0 is every IPv4 address, [::] every IPv6 one")
    address, percent, zone = host.partition("%")
    try:
        # RFC 4007 §11: the zone names an interface of this machine, whose letters have a case.
        if not percent or (_ZONE.fullmatch(zone) and ":" in address):
            return f"{ipaddress.ip_address(address)}{percent}{zone}"
    except ValueError:
        pass
    host = host.lower()
    labels = host.removesuffix(".").split(".")
    fits = len(host) <= _MAX_HOST_LENGTH and all(_HOST_LABEL.fullmatch(x) for x in labels)
    # RFC 1123 §2.1: a last label of digits is an IPv4 address, and this one was not a right one.
    if not fits or labels[-1].isdigit():
        raise ValueError(f"{host!r} is neither an IP address nor a host name")
    return host


def _no_host(place: Location) -> None:
    if place.host or place.port:
        raise ValueError("it takes no host and no port")
