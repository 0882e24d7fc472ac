"""The schemes of endpoints: what each transport says of those that it serves, and the table of all that are known.

Nobody asks of an endpoint which scheme it has: how it is written, how far it reaches, whether others may be told of it
and whether its host is a machine are its scheme's to say.
"""

# Law 1. A scheme is registered by its transport, once for the process, and never replaced.
# Law 2. One that is not registered is foreign: its endpoints are kept and passed on as text, and never dialed. So what
#        a peer says loads no transport; see `transports.kinds`, which loads those that the operator names.

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ...actors.base import spelled
from .scope import Scope, scope_of_host
from .shapes import HOST_AND_PORT, Location, Shape

__all__ = ["Scheme", "known_schemes", "register", "scheme_named"]

#: RFC 3986, 3.1, as long as a record of a later version may have it.
_NAME = re.compile(r"[a-z][a-z0-9+.-]{0,31}")


@spelled
@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """One scheme of endpoints, as its transport registers it. Raises ValueError for a name that is none."""

    #: What stands before `://`, in lower case: `tcp`, `libp2p+tcp`.
    name: str
    #: How its endpoints are written: `HOST_AND_PORT`, `PATH`, `NAME`, or one of the transport's own.
    shape: Shape
    #: From how far away an endpoint can be dialed. What is told by somebody farther away than that is not believed.
    scope: Callable[[Location], Scope]
    #: Others may be told of its endpoints; else they stay with this node, however near the others are.
    told: bool = True
    #: Host and port are those of the machine where the node is: a listener may be on all of its addresses, a name may
    #: stand for several, and dials to one machine are counted together. False for a broker's, or where there is none.
    direct: bool = False

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(
                f"{self.name!r} is no scheme: letters, digits, '+', '.' and '-', a letter first, at most 32"
            )

    @classmethod
    def over_ip(cls, name: str) -> Scheme:
        """One whose endpoints are `name://host:port` at the node's own machine. Raises ValueError."""
        return cls(name=name, shape=HOST_AND_PORT, scope=_of_host_and_port, direct=True)

    @classmethod
    def on_machine(cls, name: str, shape: Shape, *, told: bool = False) -> Scheme:
        """One whose endpoints mean something on one machine only. Raises ValueError."""
        return cls(name=name, shape=shape, scope=_of_machine, told=told)


_REGISTERED: dict[str, Scheme] = {}


def register(scheme: Scheme) -> Scheme:
    """Make a scheme known to this process; returns it. Raises ValueError where another one has its name."""
    known = _REGISTERED.setdefault(scheme.name, scheme)
    if known != scheme:
        raise ValueError(f"there is another scheme {scheme.name!r} already")
    return scheme


def scheme_named(name: str) -> Scheme:
    """The scheme of that name. Raises ValueError."""
    scheme = _REGISTERED.get(name)
    if scheme is None:
        raise ValueError(f"unknown scheme {name!r}; known are {', '.join(known_schemes())}")
    return scheme


def known_schemes() -> tuple[str, ...]:
    """The names of all that are registered, sorted."""
    return tuple(sorted(_REGISTERED))


def _of_host_and_port(place: Location) -> Scope:
    return scope_of_host(place.host) if place.port else Scope.NOWHERE


def _of_machine(_: Location) -> Scope:
    return Scope.MACHINE
