"""The endpoint: where a stream can be opened to, and which node is expected to answer there."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from ...actors.base import is_node_id
from .schemes import known_schemes, scheme_named
from .scope import Scope
from .shapes import Location, canonical_host

__all__ = ["Endpoint", "check_node_id", "host_of", "is_foreign"]

#: An endpoint of any scheme (RFC 3986, 3.1): characters that can be shown, and no blanks.
_ANY_SCHEME = re.compile(r"([a-z][a-z0-9+.-]{0,31})://[!-~]{1,220}")


def check_node_id(text: str) -> str:
    """Return `text` if it is a node id: 64 lower-case hexadecimal digits. Raises: ValueError."""
    if not is_node_id(text):
        raise ValueError(f"not a node id: {text!r} (64 lower-case hexadecimal digits)")
    return text


def is_foreign(text: str) -> bool:
    """An endpoint of a scheme that is not known here: to be kept and passed on as it is, never dialed."""
    found = _ANY_SCHEME.fullmatch(text)
    return found is not None and found[1] not in known_schemes()


def host_of(text: str) -> str | None:
    """The host that an endpoint of an unknown scheme names, as `Endpoint` writes one; None where it names none."""
    try:
        return canonical_host(urlsplit(text).hostname or "")
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address of one transport; a value that cannot be invalid.

    Its scheme says what it has: `tcp` uses `host` and `port` (0 asks a listener for any free port), `unix` an absolute
    `path`, `memory` a name in `path`. `peer_id` is the node that is expected there, or that was proven to
    be there; None where nobody said. Raises: ValueError, from the constructor as from `parse`.

    ```python
    endpoint = Endpoint.parse("tcp://[::1]:7400")
    assert (endpoint.host, endpoint.port) == ("::1", 7400)
    ```
    """

    scheme: str
    host: str = ""
    port: int = 0
    path: str = ""
    peer_id: str | None = None

    def __post_init__(self) -> None:
        if self.peer_id is not None:
            check_node_id(self.peer_id)
        shape = scheme_named(self.scheme).shape
        place = Location(self.host, self.port, self.path)
        checked = shape.checked(place)
        if checked != place:
            for field, value in zip(Location._fields, checked, strict=True):
                object.__setattr__(self, field, value)

    @classmethod
    def parse(cls, text: str) -> Endpoint:
        """Read `tcp://[<node id>@]host:port`, `unix://[<node id>@]/path` or whatever else has a scheme that is known.

        An IPv6 host stands in brackets. `str(endpoint)` is the inverse. Raises: ValueError.
        """
        name, separator, rest = text.partition("://")
        if not separator:
            raise ValueError(f"endpoint {text!r} has no scheme; write tcp://host:port")
        name = name.lower()
        peer_id: str | None = None
        # A socket's path may itself hold an '@', so only what stands before the path is an id.
        before, at, after = rest.partition("@")
        if at and "/" not in before:
            peer_id, rest = before, after
        try:
            host, port, path = scheme_named(name).shape.read(rest)
            return cls(name, host, port, path, peer_id)
        except ValueError as error:
            raise ValueError(f"endpoint {text!r}: {error}") from None

    def __str__(self) -> str:
        who = f"{self.peer_id}@" if self.peer_id else ""
        return f"{self.scheme}://{who}{scheme_named(self.scheme).shape.write(self._location)}"

    # What its scheme says of it.

    @property
    def _location(self) -> Location:
        return Location(self.host, self.port, self.path)

    @property
    def scope(self) -> Scope:
        """From how far away it can be dialed, as far as its text says."""
        return scheme_named(self.scheme).scope(self._location)

    @property
    def is_place(self) -> bool:
        """Whether it can be dialed from anywhere: 0.0.0.0 and port 0 only mean something to a listener."""
        return self.scope is not Scope.NOWHERE

    @property
    def direct(self) -> bool:
        """Whether its host and port are those of the machine where the node is."""
        return scheme_named(self.scheme).direct

    @property
    def told(self) -> bool:
        """Whether others may be told of it, wherever they are; else it is nobody's to tell, however near he is."""
        return scheme_named(self.scheme).told

    def usable(self, way: Scope) -> bool:
        """Whether to tell of it, or believe it, over a connection of that scope.

        A node in this network may be told of what is in this network; one from outside may not.
        """
        scope = self.scope
        return self.told and scope is not Scope.NOWHERE and scope >= way

    @property
    def is_name(self) -> bool:
        """Whether its host is a name, which stands for as many places as are found when it is looked up."""
        if not self.direct:
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
