"""Where a message goes: `LOCAL / "blocks"`, `Peer(id) / "blocks"`, `Role("archive") / "blocks"`, `EVERYONE / "blocks"`.

An address is *where* / *reactor*. It is parsed once, at the edge, into a value that cannot be malformed;
its text form is `bus://local/blocks`, `bus://<node id>/blocks`, `bus://role:archive/blocks`, `bus://all/blocks`.

Dividing by a channel, or by a reactor class, instead of by a name gives an address that knows its message
types, so that a type checker refuses a message which the channel does not declare.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Generic, Literal, Protocol, TypeVar, overload

from .capability import ROLE_PATTERN
from .channel import REACTOR_PATTERN, Channel

__all__ = [
    "EVERYONE",
    "LOCAL",
    "Address",
    "Everyone",
    "GroupAddress",
    "Local",
    "Peer",
    "Role",
    "parse_address",
]

M = TypeVar("M")
Pick = TypeVar("Pick", bound=str)

NODE_ID_PATTERN = re.compile(r"[0-9a-f]{64}")


class HasChannel(Protocol[M]):
    """Whatever has a channel: a reactor class, or a reactor."""

    channel: Channel[M]


@dataclass(frozen=True)
class Address(Generic[M]):
    """One receiver: a reactor here, on a named peer, or on one peer that a role picks."""

    where: Local | Peer | Role[Literal["one"]]
    reactor: str

    def __str__(self) -> str:
        return f"bus://{self.where}/{self.reactor}"


@dataclass(frozen=True)
class GroupAddress(Generic[M]):
    """Several receivers: a send to it ends with one outcome per peer."""

    where: Everyone | Role[Literal["all"]]
    reactor: str

    def __str__(self) -> str:
        return f"bus://{self.where}/{self.reactor}"


def _reactor_name(target: object) -> str:
    if isinstance(target, str):
        name: object = target
    else:
        channel = target if isinstance(target, Channel) else getattr(target, "channel", None)
        name = channel.name if isinstance(channel, Channel) else None
    if not isinstance(name, str) or not REACTOR_PATTERN.fullmatch(name):
        raise ValueError(
            f"not a reactor: {target!r} (a name of lower-case letters, digits, '.', '_', '-', "
            "a Channel, or a Reactor class)"
        )
    return name


@dataclass(frozen=True, slots=True)
class Local:
    """This node."""

    @overload
    def __truediv__(self, reactor: Channel[M]) -> Address[M]: ...
    @overload
    def __truediv__(self, reactor: HasChannel[M]) -> Address[M]: ...
    @overload
    def __truediv__(self, reactor: str) -> Address[object]: ...
    def __truediv__(self, reactor: Channel[M] | HasChannel[M] | str) -> Address[M] | Address[object]:
        return Address(self, _reactor_name(reactor))

    def __str__(self) -> str:
        return "local"


@dataclass(frozen=True, slots=True)
class Peer:
    """One named node. Raises ValueError where `id` is not 64 lower-case hexadecimal digits."""

    id: str

    def __post_init__(self) -> None:
        if not NODE_ID_PATTERN.fullmatch(self.id):
            raise ValueError(f"not a node id: {self.id!r} (64 lower-case hexadecimal digits)")

    @overload
    def __truediv__(self, reactor: Channel[M]) -> Address[M]: ...
    @overload
    def __truediv__(self, reactor: HasChannel[M]) -> Address[M]: ...
    @overload
    def __truediv__(self, reactor: str) -> Address[object]: ...
    def __truediv__(self, reactor: Channel[M] | HasChannel[M] | str) -> Address[M] | Address[object]:
        return Address(self, _reactor_name(reactor))

    def __str__(self) -> str:
        return self.id


@dataclass(frozen=True, slots=True)
class Everyone:
    """Every connected peer that has the reactor; not this node itself."""

    @overload
    def __truediv__(self, reactor: Channel[M]) -> GroupAddress[M]: ...
    @overload
    def __truediv__(self, reactor: HasChannel[M]) -> GroupAddress[M]: ...
    @overload
    def __truediv__(self, reactor: str) -> GroupAddress[object]: ...
    def __truediv__(self, reactor: Channel[M] | HasChannel[M] | str) -> GroupAddress[M] | GroupAddress[object]:
        return GroupAddress(self, _reactor_name(reactor))

    def __str__(self) -> str:
        return "all"


@dataclass(frozen=True, init=False)
class Role(Generic[Pick]):
    """The nodes that offer a role, this one included if it does; `pick` says how many of them.

    `one` (the default) takes the better of two random candidates, by work in flight and latency;
    `all` takes every one. Raises ValueError on a malformed role name or an unknown pick.
    """

    name: str
    pick: Pick

    @overload
    def __init__(self: Role[Literal["one"]], name: str, pick: Literal["one"] = "one") -> None: ...
    @overload
    def __init__(self: Role[Literal["all"]], name: str, pick: Literal["all"]) -> None: ...
    def __init__(self, name: str, pick: str = "one") -> None:
        if not ROLE_PATTERN.fullmatch(name):
            raise ValueError(f"not a role name: {name!r} (lower-case letters, digits, '.', '_', '-')")
        if pick not in ("one", "all"):
            raise ValueError(f"not a pick: {pick!r} ('one' or 'all')")
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "pick", pick)

    @overload
    def __truediv__(self: Role[Literal["one"]], reactor: Channel[M] | HasChannel[M]) -> Address[M]: ...
    @overload
    def __truediv__(self: Role[Literal["one"]], reactor: str) -> Address[object]: ...
    @overload
    def __truediv__(self: Role[Literal["all"]], reactor: Channel[M] | HasChannel[M]) -> GroupAddress[M]: ...
    @overload
    def __truediv__(self: Role[Literal["all"]], reactor: str) -> GroupAddress[object]: ...
    def __truediv__(self, reactor: object) -> object:
        if self.pick == "one":
            return Address(self, _reactor_name(reactor))  # type: ignore[arg-type]  # the pick was just checked
        return GroupAddress(self, _reactor_name(reactor))  # type: ignore[arg-type]  # likewise

    def __str__(self) -> str:
        return f"role:{self.name}" if self.pick == "one" else f"role:{self.name}:{self.pick}"


#: This node.
LOCAL: Final = Local()
#: Every connected peer that has the reactor.
EVERYONE: Final = Everyone()


def parse_address(text: str) -> Address[object] | GroupAddress[object]:
    """Read the text form. Raises ValueError where it is malformed."""
    scheme, found, rest = text.partition("://")
    where, slash, reactor = rest.partition("/")
    if scheme != "bus" or not found or not slash:
        raise ValueError(f"not an address: {text!r} (bus://<where>/<reactor>)")
    if where == "local":
        return LOCAL / reactor
    if where == "all":
        return EVERYONE / reactor
    if where.startswith("role:"):
        name, _, pick = where[len("role:") :].partition(":")
        if pick == "all":
            return Role(name, "all") / reactor
        if pick not in ("", "one"):
            raise ValueError(f"not a pick: {pick!r} in {text!r} ('one' or 'all')")
        return Role(name) / reactor
    return Peer(where) / reactor
