"""How a place at a NATS server is written: `nats://server:4222/<network>/<inbox>`.

The server is where its node is connected, and no more than a hint: others dial the inbox through servers of their own,
so nobody is led to a stranger's machine by such an endpoint. One without an inbox asks a listener for any.
"""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random
from typing import Final

from ..streams import HOST_AND_PORT, Endpoint, Location, Scheme, Scope
from .subjects import is_token, new_token

__all__ = ["NATS", "PORT", "at_token", "inbox_of", "network_of", "with_inbox"]

#: That of nats-server.
PORT: Final = 4222
_NETWORK: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


class ServerAndInbox:
    """`host[:port]/network[/inbox]`."""

    def read(self, text: str) -> Location:
        """As `Shape.read`."""
        server, _, path = text.partition("/")
        if server and not re.search(r":\d+$", server):
            server = f"{server}:{PORT}"
        place = HOST_AND_PORT.read(server)
        return Location(place.host, place.port, f"/{path.rstrip('/')}")

    def checked(self, place: Location) -> Location:
        """As `Shape.checked`."""
        server = HOST_AND_PORT.checked(Location(place.host, place.port))
        if not server.port:
            raise ValueError("a server listens at a port; that of nats-server is 4222")
        network, slash, inbox = place.path.removeprefix("/").partition("/")
        if not _NETWORK.fullmatch(network):
            raise ValueError("it needs a network of letters, digits, '.', '_' and '-': nats://server:4222/network")
        if slash and not is_token(inbox):
            raise ValueError(f"{inbox!r} is no inbox: 8 to 64 letters, digits, '_' and '-'")
        return Location(server.host, server.port, place.path)

    def write(self, place: Location) -> str:
        """As `Shape.write`."""
        return HOST_AND_PORT.write(Location(place.host, place.port)) + place.path


def _scope(place: Location) -> Scope:
    return Scope.WORLD if place.path.count("/") == 2 else Scope.NOWHERE


#: Anybody may be told of an inbox: it is dialed through servers that the dialer's operator named.
NATS: Final = Scheme(name="nats", shape=ServerAndInbox(), scope=_scope)


def network_of(endpoint: Endpoint) -> str:
    """The network that it is in."""
    return endpoint.path.split("/")[1]


def inbox_of(endpoint: Endpoint) -> str | None:
    """The inbox that it names; None: any."""
    parts = endpoint.path.split("/")
    return parts[2] if len(parts) == 3 else None


def with_inbox(endpoint: Endpoint, rng: Random | None = None) -> Endpoint:
    """The same, with an inbox: where it names none a new one, of the system's randomness or of `rng`."""
    if inbox_of(endpoint):
        return endpoint
    return replace(endpoint, path=f"{endpoint.path}/{new_token() if rng is None else new_token(rng)}")


def at_token(endpoint: Endpoint, token: str) -> Endpoint:
    """The same server and network, with that token in the inbox's place, and nobody expected there."""
    return replace(endpoint, path=f"/{network_of(endpoint)}/{token}", peer_id=None)
