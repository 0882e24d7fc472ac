"""Where a message goes: `LOCAL / "blocks"`, `Peer(id) / "blocks"`, `Role("archive") / "blocks"`, `EVERYONE / "blocks"`.

An address is *where* / *reactor*. It is parsed once, at the edge, into a value that cannot be malformed;
its text form is `bus://local/blocks`, `bus://<node id>/blocks`, `bus://role:archive/blocks`, `bus://all/blocks`.
That of a role may have conditions and a pick, `bus://role:archive{from<=500}/blocks?pick=share(0.67)`.

Dividing by a channel, or by a reactor class, instead of by a name gives an address that knows its message
types, so that a type checker refuses a message which the channel does not declare.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, dataclass
from typing import Any, ClassVar, Final, Generic, Protocol, TypeVar, cast, overload

from ..base import is_node_id
from .capability import ROLE_PATTERN
from .channel import REACTOR_PATTERN, Channel
from .picks import GroupPick, Key, OnePick, Several, Share, parse_pick
from .selector import ANYWHERE, Where
from .travelling import HomeNode, never_travels, travels

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
M_contra = TypeVar("M_contra", contravariant=True)
Pick = TypeVar("Pick", bound=OnePick | GroupPick)

#: `role:` and its name, conditions in braces, the reactor, a pick. Values of conditions have no braces.
_ROLE = re.compile(r"role:([^{}/?]*)(?:\{([^{}]*)\})?/([^?]*)(?:\?pick=(.*))?", re.DOTALL)


class HasChannel(Protocol[M_contra]):
    """Whatever has a channel: a reactor, and its class."""

    @property
    def channel(self) -> Channel[M_contra]:
        """What it speaks."""


class HasClassChannel(Protocol[M_contra]):  # type: ignore[misc]  # nobody sets it, so it varies as if it were read only
    """As `HasChannel`, where it is annotated as a class variable: for pyright the two are not the same."""

    channel: ClassVar[Channel[M_contra]]  # pyright: ignore[reportGeneralTypeIssues]  # a type variable, see above


class Address(Generic[M_contra]):
    """One receiver: a reactor here, on a named peer, or on one peer that a role picks.

    ```python
    assert Address(LOCAL, "blocks") == LOCAL / Blocks
    block = await node.ask(LOCAL / Blocks, GetBlock(7))
    ```
    """

    # No dataclass: in a message it travels as its text, and msgspec takes every dataclass for the map of its fields.
    __slots__ = ("__weakref__", "reactor", "where")
    __match_args__ = ("where", "reactor")

    where: Local | Peer | Role[OnePick]
    reactor: str

    # Made so it takes any message, as one that is made of a name does: nobody says which.
    def __init__(self: Address[object], where: Local | Peer | Role[OnePick], reactor: str) -> None:
        _set_where(self, where)
        _set_reactor(self, reactor)

    def __setattr__(self, name: str, value: object) -> None:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        assert isinstance(other, Address)
        return self.reactor == other.reactor and self.where == other.where

    def __hash__(self) -> int:
        return hash((self.where, self.reactor))

    def __reduce__(self) -> tuple[type[Address[Any]], tuple[Local | Peer | Role[OnePick], str]]:
        return self.__class__, (self.where, self.reactor)

    def __repr__(self) -> str:
        return f"{self.__class__.__qualname__}(where={self.where!r}, reactor={self.reactor!r})"

    def __str__(self) -> str:
        return _text(self.where, self.reactor)

    def _travelling(self, home: HomeNode) -> str:
        if not REACTOR_PATTERN.fullmatch(self.reactor):
            raise ValueError(f"no reactor is called {self.reactor!r}")
        if isinstance(self.where, Local):
            why = home.stays(self.reactor)
            if why is not None:
                raise ValueError(why)
            return f"bus://{home.node_id}/{self.reactor}"
        if not isinstance(self.where, Peer | Role):
            raise ValueError(f"{self.where!r} is no place of one receiver")
        return str(self)


#: What sets its slots, once: nobody else can.
_SLOTS: Any = Address
_set_where, _set_reactor = _SLOTS.where.__set__, _SLOTS.reactor.__set__


@dataclass(frozen=True)
class GroupAddress(Generic[M_contra]):
    """Several receivers: a send to it ends with one outcome per peer.

    ```python
    results = await node.ask(Role("archive", "all") / Blocks, GetBlock(7))
    assert [block.height for block in results.answers.values()] == [7]
    ```
    """

    where: Everyone | Role[GroupPick]
    reactor: str

    def __str__(self) -> str:
        return _text(self.where, self.reactor)


def _text(where: object, reactor: str) -> str:
    query = "" if not isinstance(where, Role) or where.pick == "one" else f"?pick={where.pick}"
    return f"bus://{where}/{reactor}{query}"


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
    """This node.

    ```python
    await node.tell(LOCAL / Blocks, Forget(7))
    ```
    """

    @overload
    def __truediv__(self, reactor: type[HasChannel[M]]) -> Address[M]: ...
    @overload
    def __truediv__(self, reactor: Channel[M] | HasChannel[M] | HasClassChannel[M]) -> Address[M]: ...
    @overload
    def __truediv__(self, reactor: str) -> Address[object]: ...
    def __truediv__(self, reactor: object) -> Address[Any]:
        return Address(self, _reactor_name(reactor))

    def __str__(self) -> str:
        return "local"


@dataclass(frozen=True, slots=True)
class Peer:
    """One named node. Raises ValueError where `id` is not 64 lower-case hexadecimal digits.

    ```python
    bob = Peer("ab" * 32) / Blocks
    assert str(bob) == f"bus://{'ab' * 32}/blocks"
    ```
    """

    id: str

    def __post_init__(self) -> None:
        if not is_node_id(self.id):
            raise ValueError(f"not a node id: {self.id!r} (64 lower-case hexadecimal digits)")

    @overload
    def __truediv__(self, reactor: type[HasChannel[M]]) -> Address[M]: ...
    @overload
    def __truediv__(self, reactor: Channel[M] | HasChannel[M] | HasClassChannel[M]) -> Address[M]: ...
    @overload
    def __truediv__(self, reactor: str) -> Address[object]: ...
    def __truediv__(self, reactor: object) -> Address[Any]:
        return Address(self, _reactor_name(reactor))

    def __str__(self) -> str:
        return self.id


@dataclass(frozen=True, slots=True)
class Everyone:
    """Every connected peer that has the reactor; not this node itself.

    ```python
    await node.tell(EVERYONE / Blocks, Forget(7))
    ```
    """

    @overload
    def __truediv__(self, reactor: type[HasChannel[M]]) -> GroupAddress[M]: ...
    @overload
    def __truediv__(self, reactor: Channel[M] | HasChannel[M] | HasClassChannel[M]) -> GroupAddress[M]: ...
    @overload
    def __truediv__(self, reactor: str) -> GroupAddress[object]: ...
    def __truediv__(self, reactor: object) -> GroupAddress[Any]:
        return GroupAddress(self, _reactor_name(reactor))

    def __str__(self) -> str:
        return "all"


@dataclass(frozen=True, init=False)
class Role(Generic[Pick]):
    """The nodes that offer a role, this one included if it does.

    `pick` says how many of them, and which: `"one"` (the default) is the better of two random ones, by work in flight
    and latency; `"least"` the one with the least in flight; `Key(k)` always the same one for a key; `"all"`,
    `Several(3)` and `Share(0.67)` are several.
    `where` are conditions on the role's attributes, as text (`"from<=500,region=eu"`) or as the values that they must
    have (`{"region": "eu"}`); see `Condition`. Raises ValueError where one of them is malformed, TypeError where one is
    of another type.

    ```python
    one = Role("archive") / Blocks
    three = Role("archive", Several(3), where="from<=500") / Blocks
    same = Role("archive", Key("alice@example.org")) / Blocks
    block = await node.ask(one, GetBlock(7))
    ```
    """

    name: str
    pick: Pick
    where: Where

    @overload
    def __init__(
        self: Role[OnePick], name: str, pick: OnePick = "one", *, where: str | Mapping[str, str] | Where = ANYWHERE
    ) -> None: ...
    @overload
    def __init__(
        self: Role[GroupPick], name: str, pick: GroupPick, *, where: str | Mapping[str, str] | Where = ANYWHERE
    ) -> None: ...
    def __init__(
        self, name: str, pick: OnePick | GroupPick = "one", *, where: str | Mapping[str, str] | Where = ANYWHERE
    ) -> None:
        given: object = name
        if not isinstance(given, str) or not ROLE_PATTERN.fullmatch(given):
            raise ValueError(f"not a role name: {name!r} (lower-case letters, digits, '.', '_', '-')")
        if not isinstance(pick, str | Key | Several | Share):
            raise TypeError(f"not a pick: {pick!r}{_meant_by(pick)} ('one', 'least', 'all', Key, Several or Share)")
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "pick", parse_pick(pick) if isinstance(pick, str) else pick)
        object.__setattr__(self, "where", where if isinstance(where, Where) else Where.of(where))

    @overload
    def __truediv__(self: Role[OnePick], reactor: type[HasChannel[M]]) -> Address[M]: ...
    @overload
    def __truediv__(self: Role[OnePick], reactor: Channel[M] | HasChannel[M] | HasClassChannel[M]) -> Address[M]: ...
    @overload
    def __truediv__(self: Role[OnePick], reactor: str) -> Address[object]: ...
    @overload
    def __truediv__(self: Role[GroupPick], reactor: type[HasChannel[M]]) -> GroupAddress[M]: ...
    @overload
    def __truediv__(
        self: Role[GroupPick], reactor: Channel[M] | HasChannel[M] | HasClassChannel[M]
    ) -> GroupAddress[M]: ...
    @overload
    def __truediv__(self: Role[GroupPick], reactor: str) -> GroupAddress[object]: ...
    def __truediv__(self, reactor: object) -> object:
        if self.pick in ("one", "least") or isinstance(self.pick, Key):
            return Address(cast("Role[OnePick]", self), _reactor_name(reactor))
        return GroupAddress(cast("Role[GroupPick]", self), _reactor_name(reactor))

    def __str__(self) -> str:
        return f"role:{self.name}{{{self.where}}}" if self.where else f"role:{self.name}"


def _meant_by(pick: object) -> str:
    if isinstance(pick, int | float) and not isinstance(pick, bool):
        return f"; write Several({pick})" if isinstance(pick, int) else f"; write Share({pick})"
    return "; leave it out for one of them" if pick is None else ""


LOCAL: Final = Local()
"""This node: `await node.tell(LOCAL / Blocks, Forget(7))`."""
EVERYONE: Final = Everyone()
"""Every connected peer that has the reactor, and not this node: `await node.ask(EVERYONE / Blocks, GetBlock(7))`."""


def parse_address(text: str) -> Address[object] | GroupAddress[object]:
    """Read the text form. Raises ValueError where it is malformed.

    ```python
    assert parse_address("bus://role:archive/blocks") == Role("archive") / "blocks"
    ```
    """
    scheme, found, rest = text.partition("://")
    where, slash, reactor = rest.partition("/")
    if scheme != "bus" or not found or not slash:
        raise ValueError(f"not an address: {text!r} (bus://<where>/<reactor>)")
    if where == "local":
        return LOCAL / reactor
    if where == "all":
        return EVERYONE / reactor
    if where.startswith("role:"):
        return _parse_role(text, rest)
    return Peer(where) / reactor


def _parse_role(text: str, rest: str) -> Address[object] | GroupAddress[object]:
    found = _ROLE.fullmatch(rest)
    if found is None:
        raise ValueError(f"not a role's address: {text!r} (bus://role:<name>{{<conditions>}}/<reactor>?pick=<pick>)")
    name, conditions, reactor, pick = found.groups()
    where = ANYWHERE if conditions is None else Where.parse(conditions)
    # The pick decides which of the two addresses it is, as for every role that is divided.
    return Role(name, cast("OnePick", parse_pick("one" if pick is None else pick)), where=where) / reactor


def _read_address(text: str) -> Address[object]:
    """That of a message from a peer. Raises ValueError for one that is malformed, or other receivers at each node."""
    found = parse_address(text)
    if not isinstance(found, Address):
        raise ValueError(f"{text!r} is several receivers, one is expected")
    if isinstance(found.where, Local):
        raise ValueError(f"{text!r} is another place at each node: a peer writes its own id")
    return found


travels(Address, _read_address)
never_travels(GroupAddress, "several receivers are others at each node; declare Address[…] or Destination[…], of one")
