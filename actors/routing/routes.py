"""Which peer, and which process of this node, has what: the table that sends are looked up in, which nobody changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..messages import ANYWHERE, Where
from .link import Link

__all__ = ["Routes"]

#: Names of the bus's own actors begin so: each process has its own of them.
OWN = "peerbus."


@dataclass(frozen=True, slots=True)
class Routes:
    """Links by node id, and by role. A change makes a new one; a holder of the old one has a consistent picture.

    `inside`: the ways to actors of this node that other processes of it run, by the actors' names.
    """

    # Mappings by their types alone: a look-up in a dict takes half of one in a read-only view of it, and each send
    # to a peer has one.
    peers: Mapping[str, Link] = field(default_factory=dict)
    roles: Mapping[str, tuple[Link, ...]] = field(default_factory=dict)
    inside: Mapping[str, Link] = field(default_factory=dict)

    @classmethod
    def of(cls, links: Mapping[str, Link], inside: Mapping[str, Link] | None = None) -> Routes:
        """The table for these links to peers, and those to processes of this node, by their ids."""
        roles: dict[str, list[Link]] = {}
        for link in links.values():
            for role in sorted(link.roles):
                roles.setdefault(role, []).append(link)
        here = {name: link for link in (inside or {}).values() for name in link.reactors if not name.startswith(OWN)}
        by_role = {role: tuple(them) for role, them in roles.items()}
        return cls(dict(links), by_role, here)

    def offering(self, role: str, reactor: str | None, where: Where = ANYWHERE) -> list[Link]:
        """The peers that offer the role, with attributes that fulfil the conditions, and run the reactor; None: any."""
        links = [link for link in self.roles.get(role, ()) if reactor is None or link.has(reactor)]
        return [link for link in links if where.holds(link.roles[role].attributes)] if where else links

    def with_reactor(self, reactor: str) -> list[Link]:
        """The peers that run the reactor."""
        return [link for link in self.peers.values() if link.has(reactor)]
