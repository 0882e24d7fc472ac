"""Which peer has what: the table that sends are looked up in, an immutable value that the router publishes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ..messages import ANYWHERE, Where
from .link import Link

__all__ = ["Routes"]


@dataclass(frozen=True, slots=True)
class Routes:
    """Links by node id, and by role. A change makes a new one; a holder of the old one has a consistent picture."""

    peers: Mapping[str, Link] = field(default_factory=lambda: MappingProxyType({}))
    roles: Mapping[str, tuple[Link, ...]] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, links: Mapping[str, Link]) -> Routes:
        """The table for these links."""
        roles: dict[str, list[Link]] = {}
        for link in links.values():
            for role in sorted(link.roles):
                roles.setdefault(role, []).append(link)
        return cls(MappingProxyType(dict(links)), MappingProxyType({role: tuple(them) for role, them in roles.items()}))

    def offering(self, role: str, reactor: str | None, where: Where = ANYWHERE) -> list[Link]:
        """The peers that offer the role, with attributes that fulfil the conditions, and run the reactor; None: any."""
        links = [link for link in self.roles.get(role, ()) if reactor is None or link.has(reactor)]
        return [link for link in links if where.holds(link.roles[role].attributes)] if where else links

    def with_reactor(self, reactor: str) -> list[Link]:
        """The peers that run the reactor."""
        return [link for link in self.peers.values() if link.has(reactor)]
