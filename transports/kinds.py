"""Every way of carrying streams: the table of schemes, and what installed packages bring."""

# Law 1. A kind of transport is imported when the operator names its scheme, and never for what a peer says: until then
#        the scheme is a foreign one, whose endpoints are kept as text and not dialed.
# Law 2. A node has TCP and Unix sockets, and beside them those of the endpoints that it is given.

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ..actors.base import BuiltIn, ConfigError, Installed, PlugIns, blamed
from .streams import TCP, UNIX, Endpoint, Transport, TransportKind, TransportOptions, known_schemes, register

__all__ = [
    "kind_of",
    "schemes_installed",
    "check_endpoint",
    "make_transport",
    "make_transports",
    "read_endpoint",
    "read_settings",
]

#: The table of schemes: which folder beside this file has the `KIND` of each.
_FOLDERS: Final = {"libp2p+tcp": "libp2p", "nats": "nats"}
#: Extras of this package, and the module that shows that each is there, of the schemes that need one.
_EXTRAS: Final[dict[str, tuple[str, str]]] = {}

#: What an endpoint without a scheme begins with, and whose kind reads it: multiaddrs are libp2p's.
_READ_BY: Final = {"/": "libp2p+tcp"}

_HERE: Final = __name__.rpartition(".")[0]
_KINDS: Final = PlugIns(
    "scheme",
    TransportKind,
    "peerbus.transports",
    {
        "tcp": BuiltIn(f"{_HERE}.streams", "TCP"),
        "unix": BuiltIn(f"{_HERE}.streams", "UNIX"),
        **{
            scheme: BuiltIn(f"{_HERE}.{folder}", "KIND", *_EXTRAS.get(scheme, ()))
            for scheme, folder in _FOLDERS.items()
        },
    },
    kept=("memory",),
)


def kind_of(scheme: str) -> TransportKind:
    """The kind of transport that serves a scheme, from now on known to this process. Raises ConfigError."""
    kind = _KINDS.load(scheme)
    if kind.scheme.name != scheme:
        raise ConfigError(f"what is installed as the scheme {scheme!r} is the kind of {kind.scheme.name!r}")
    try:
        register(kind.scheme)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    return kind


def schemes_installed() -> list[Installed]:
    """Every scheme that can be configured, and those that lack something; none is imported."""
    return _KINDS.listed()


def read_endpoint(text: str) -> Endpoint:
    """An endpoint that the operator wrote, of any scheme that is installed, or a multiaddr. Raises ValueError."""
    reader = _READ_BY.get(text[:1])
    if reader is not None and (read := kind_of(reader).read) is not None:
        return read(text)
    scheme, separator, _ = text.partition("://")
    scheme = scheme.lower()
    if separator and scheme not in known_schemes():
        try:
            kind_of(scheme)
        except ConfigError as error:
            raise ValueError(f"endpoint {text!r}: {error}") from error
    return Endpoint.parse(text)


def check_endpoint(endpoint: Endpoint, *, listens: bool = False) -> None:
    """Raise ValueError for one that this machine can be seen never to listen at, or else to dial."""
    kind = _kind_for(endpoint)
    try:
        with blamed("scheme", endpoint.scheme):
            kind.check(endpoint, listens)
    except ConfigError as error:
        raise ValueError(str(error)) from error


def make_transport(endpoint: Endpoint, options: TransportOptions) -> Transport:
    """The transport that serves an endpoint. Raises ConfigError."""
    try:
        kind = _kind_for(endpoint)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    with blamed("scheme", endpoint.scheme):
        made = kind.make(options)
    if endpoint.scheme not in getattr(made, "schemes", ()):
        raise ConfigError(f"the scheme {endpoint.scheme} is broken: it makes {made!r}, which is no transport for it")
    return made


def make_transports(
    endpoints: Iterable[Endpoint], options: TransportOptions, settings: Mapping[str, object] = MappingProxyType({})
) -> tuple[Transport, ...]:
    """The transports of a node that is given these endpoints, see law 2; `settings` by scheme. Raises ConfigError."""
    named = tuple(endpoints)
    made = [TCP.make(options), UNIX.make(options)]
    for endpoint in named:
        if all(endpoint.scheme not in transport.schemes for transport in made):
            mine = tuple(each for each in named if each.scheme == endpoint.scheme)
            of_it = replace(options, endpoints=mine, settings=settings.get(endpoint.scheme))
            made.append(make_transport(endpoint, of_it))
    return tuple(made)


def read_settings(scheme: str, table: Mapping[str, object], folder: Path) -> object:
    """What the transports of a scheme are to be told, of a table of the configuration. Raises ConfigError."""
    kind = kind_of(scheme)
    if kind.settings is None:
        raise ConfigError(f"there is nothing to be set of {scheme}")
    with blamed("scheme", scheme):
        return kind.settings(table, folder)


def _kind_for(endpoint: Endpoint) -> TransportKind:
    try:
        return kind_of(endpoint.scheme)
    except ConfigError as error:
        own = "ends at this process, or has a transport of its own: Node(transports=[…])"
        raise ValueError(f"{endpoint} {own}") from error
