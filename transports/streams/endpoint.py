"""The endpoint: where a stream can be opened to, and which node is expected to answer there."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from ...actors.base import is_node_id

__all__ = ["Endpoint", "check_node_id", "host_of", "is_foreign", "why_another"]

#: What follows `scheme://`: a transport that joins adds its scheme here and nothing else.
_HOST_AND_PORT: Final = frozenset({"tcp"})
_PATH: Final = frozenset({"unix"})
_NAME: Final = frozenset({"memory"})
_KNOWN: Final = _HOST_AND_PORT | _PATH | _NAME
#: An endpoint of any scheme (RFC 3986, 3.1): characters that can be shown, and no blanks.
_ANY_SCHEME = re.compile(r"([a-z][a-z0-9+.-]{0,31})://[!-~]{1,220}")

_NAME_TEXT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
#: RFC 1123 §2.1, plus the underscore that is found in the wild.
_HOST_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_ZONE = re.compile(r"[A-Za-z0-9._-]{1,15}")
_MAX_HOST_LENGTH: Final = 253
_MAX_PORT: Final = 65_535


def check_node_id(text: str) -> str:
    """Return `text` if it is a node id: 64 lower-case hexadecimal digits. Raises: ValueError."""
    if not is_node_id(text):
        raise ValueError(f"not a node id: {text!r} (64 lower-case hexadecimal digits)")
    return text


def why_another(wanted: str | None, answered: str | None) -> str | None:
    """Why `answered` is not the node that was dialed. None: it is, or any will do, or the stream proves nothing."""
    if wanted is None or answered is None or answered == wanted:
        return None
    return f"dialed {wanted}, but {answered} answered"


def is_foreign(text: str) -> bool:
    """An endpoint of a scheme that this version does not know: to be kept and passed on as it is, never dialed."""
    found = _ANY_SCHEME.fullmatch(text)
    return found is not None and found[1] not in _KNOWN


def host_of(text: str) -> str | None:
    """The host that an endpoint of an unknown scheme names, as `Endpoint` writes one; None where it names none."""
    try:
        return _canonical_host(urlsplit(text).hostname or "")
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address of one transport; a value that cannot be invalid.

    `tcp` uses `host` and `port` (0 asks a listener for any free port), `unix` an absolute `path`,
    `memory` a name in `path`. `peer_id` is the node that is expected there, or that was proven to
    be there; None where nobody said. Raises: ValueError, from the constructor as from `parse`.
    """

    scheme: str
    host: str = ""
    port: int = 0
    path: str = ""
    peer_id: str | None = None

    def __post_init__(self) -> None:
        if self.peer_id is not None:
            check_node_id(self.peer_id)
        if self.scheme in _HOST_AND_PORT:
            if self.path:
                raise ValueError(f"{self.scheme}:// takes no path, got {self.path!r}")
            object.__setattr__(self, "host", _canonical_host(self.host))
            if not 0 <= self.port <= _MAX_PORT:
                raise ValueError(f"port {self.port} is not in 0…{_MAX_PORT}")
            return
        if self.host or self.port:
            raise ValueError(f"{self.scheme}:// takes no host and no port")
        if self.scheme in _PATH:
            if not self.path.startswith("/") or self.path == "/" or "\0" in self.path:
                raise ValueError(f"{self.scheme}:// needs an absolute path, got {self.path!r}")
        elif self.scheme in _NAME:
            if not _NAME_TEXT.fullmatch(self.path):
                raise ValueError(
                    f"{self.scheme}:// needs a name of letters, digits, '.', '_' and '-', "
                    f"at most 128, got {self.path!r}"
                )
        else:
            known = ", ".join(sorted(_KNOWN))
            raise ValueError(f"unknown scheme {self.scheme!r}; known are {known}")

    @property
    def on_this_machine(self) -> bool:
        """Whoever is there is on this machine: it is a Unix socket, or a loopback address."""
        if self.scheme in _PATH:
            return True
        try:
            return bool(self.host) and ipaddress.ip_address(self.host.partition("%")[0]).is_loopback
        except ValueError:
            return False  # a name

    @classmethod
    def parse(cls, text: str) -> Endpoint:
        """Read `tcp://[<node id>@]host:port`, `unix://[<node id>@]/path` or `memory://[<node id>@]name`.

        An IPv6 host stands in brackets. `str(endpoint)` is the inverse. Raises: ValueError.
        """
        scheme, separator, rest = text.partition("://")
        if not separator:
            raise ValueError(f"endpoint {text!r} has no scheme; write tcp://host:port")
        scheme = scheme.lower()
        peer_id: str | None = None
        # A socket's path may itself hold an '@', so only what stands before the path is an id.
        before, at, after = rest.partition("@")
        if at and "/" not in before:
            peer_id, rest = before, after
        try:
            if scheme in _HOST_AND_PORT:
                host, port = _split_host_and_port(rest)
                return cls(scheme, host=host, port=port, peer_id=peer_id)
            return cls(scheme, path=rest, peer_id=peer_id)
        except ValueError as error:
            raise ValueError(f"endpoint {text!r}: {error}") from None

    def __str__(self) -> str:
        who = f"{self.peer_id}@" if self.peer_id else ""
        if self.scheme in _HOST_AND_PORT:
            host = f"[{self.host}]" if ":" in self.host else self.host
            return f"{self.scheme}://{who}{host}:{self.port}"
        return f"{self.scheme}://{who}{self.path}"

    @property
    def is_name(self) -> bool:
        """Whether its host is a name, which stands for as many places as are found when it is looked up."""
        if self.scheme not in _HOST_AND_PORT:
            return False
        try:
            ipaddress.ip_address(self.host.partition("%")[0])
        except ValueError:
            return True
        return False

    def with_peer(self, peer_id: str | None) -> Endpoint:
        """The same place, with this node expected there. Raises: ValueError."""
        return replace(self, peer_id=peer_id)

    def without_peer(self) -> Endpoint:
        """The same place, with nobody in particular expected there."""
        return self if self.peer_id is None else replace(self, peer_id=None)


def _split_host_and_port(text: str) -> tuple[str, int]:
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
    return host, int(port)


def _canonical_host(host: str) -> str:
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
