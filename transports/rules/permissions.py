"""Who may tell and ask on which channel, and whose word is taken for offering a role."""

# Law 1. A rule is a list of those that may; what is not on it may not. Without a rule everybody may, as ever.
# Law 2. What a channel or a role says of itself stands above what is said for all.
# Law 3. The bus's own channels (`peerbus.pex`) go by rules that name them, and by no other: nodes that may not ask each
#        other for peers would fall apart.
# Law 4. An id counts where it is proven; a role or an attribute of a certificate where a certificate says it.

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from ...actors.base import spelled
from ..wire import NO_ASKS, NO_TELLS
from .subject import Subject
from .who import Who

__all__ = ["OPEN", "OWN_CHANNELS", "Allow", "Permissions", "Rights"]

#: The bus's own channels, by name and not by how it begins: a program may have called one of its own so.
OWN_CHANNELS: Final = frozenset({"peerbus.network", "peerbus.pex"})
EVERYBODY: Final = Who(everybody=True)


class Rights(NamedTuple):
    """Whether one peer may tell, and ask, on one channel."""

    tell: bool
    ask: bool

    @property
    def refused(self) -> int:
        """The same as the peer is told of it: bits of what it may not do."""
        return NO_TELLS * (not self.tell) | NO_ASKS * (not self.ask)


@spelled
class Allow:
    """Who may tell and ask on one channel: lists as of `Permissions`; None: as it is said for all channels.

    Raises ValueError and TypeError for what stands for nobody.

    ```python
    allow = Allow(ask=["*"], tell=["role:writer", "ab" * 32])
    ```
    """

    __slots__ = ("ask", "tell")

    def __init__(self, *, tell: Iterable[str] | None = None, ask: Iterable[str] | None = None) -> None:
        self.tell: Who | None = None if tell is None else _who("tell", tell)
        self.ask: Who | None = None if ask is None else _who("ask", ask)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Allow) and (self.tell, self.ask) == (other.tell, other.ask)

    def __hash__(self) -> int:
        return hash((self.tell, self.ask))

    def __repr__(self) -> str:
        return f"<Allow {self}>"

    def __str__(self) -> str:
        rules = (("tell", self.tell), ("ask", self.ask))
        return "; ".join(f"{what}: {who}" for what, who in rules if who is not None)


@spelled
class Permissions:
    """What peers may do. Each list has `*` (everybody), node ids, `role:archive` and `zone=eu`; an empty one is nobody.

    `tell`, `ask`: for channels that `channels` does not name. `offer`: who is believed to offer a role that `roles`
    does not name. `role:archive` is whoever has a certificate of the network's authority that says this role,
    `zone=eu` one that says this attribute. Raises ValueError and TypeError for what stands for nobody.

    ```python
    rules = Permissions(tell=[], channels={"blocks": Allow(ask=["*"], tell=["role:writer"])}, offer=["role:archive"])
    careful = Node("bob", permissions=rules)
    ```
    """

    __slots__ = ("ask", "channels", "offer", "roles", "tell")

    def __init__(
        self,
        *,
        tell: Iterable[str] = ("*",),
        ask: Iterable[str] = ("*",),
        offer: Iterable[str] = ("*",),
        channels: Mapping[str, Allow] | None = None,
        roles: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        self.tell: Who = _who("tell", tell)
        self.ask: Who = _who("ask", ask)
        self.offer: Who = _who("offer", offer)
        self.channels: Mapping[str, Allow] = dict(channels or {})
        self.roles: Mapping[str, Who] = {role: _who(role, who) for role, who in (roles or {}).items()}
        for name, allow in self.channels.items():
            if not isinstance(allow, Allow):
                raise TypeError(f"permissions of the channel {name!r}: write Allow(tell=[…], ask=[…]), not {allow!r}")

    def on(self, channel: str, peer: Subject) -> Rights:
        """What this peer may do on a channel."""
        allow = self.channels.get(channel)
        own = channel in OWN_CHANNELS
        tell = EVERYBODY if own else self.tell
        ask = EVERYBODY if own else self.ask
        if allow is not None:
            tell = tell if allow.tell is None else allow.tell
            ask = ask if allow.ask is None else allow.ask
        return Rights(tell.has(peer), ask.has(peer))

    def believes(self, role: str, peer: Subject) -> bool:
        """Whether this peer's word is taken for offering a role."""
        return self.roles.get(role, self.offer).has(peer)

    def believed(self, offers: Iterable[str], peer: Subject) -> tuple[str, ...]:
        """Of the capabilities that this peer says it offers, as text, those that its word is taken for."""
        return tuple(offer for offer in offers if self.believes(offer.partition("{")[0], peer))

    def may_come_to_believe(self, role: str, node_id: str | None) -> bool:
        """The same of a node that was only heard of: whether it could be believed, once it has proven who it is."""
        return self.roles.get(role, self.offer).may_have(node_id)

    @property
    def certified(self) -> tuple[str, ...]:
        """What the rules ask certificates for: roles and attributes, as they are written."""
        both = [who for allow in self.channels.values() for who in (allow.tell, allow.ask) if who is not None]
        found = {
            text for who in (self.tell, self.ask, self.offer, *both, *self.roles.values()) for text in who.certified
        }
        return tuple(sorted(found))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Permissions) and self._all == other._all

    def __hash__(self) -> int:
        return hash(str(self))

    @property
    def _all(self) -> tuple[object, ...]:
        return self.tell, self.ask, self.offer, self.channels, self.roles

    def lines(self) -> list[str]:
        """Each rule as a line for people; none where everybody may do everything."""
        found = [
            f"{what}: {who}"
            for what, who in (("tell", self.tell), ("ask", self.ask), ("offer", self.offer))
            if who != EVERYBODY
        ]
        found += [f"channel {name}: {allow}" for name, allow in sorted(self.channels.items()) if str(allow)]
        return found + [f"role {role}: {who}" for role, who in sorted(self.roles.items())]

    def __str__(self) -> str:
        return "; ".join(self.lines()) or "everybody may do everything"

    def __repr__(self) -> str:
        return f"<Permissions {self}>"


def _who(what: str, texts: Iterable[str]) -> Who:
    if isinstance(texts, str):
        raise TypeError(f"{what} is a list, [{texts!r}], not one text")
    return Who.of(texts)


#: Everybody may do everything.
OPEN: Final = Permissions()
