"""Why nobody answers to an address of a role, or of everyone: what is there, and how more is looked for."""

from __future__ import annotations

from typing import Any

from ..messages import Address, GroupAddress, Role
from .directory import Directory

__all__ = ["why_nobody"]

#: Roles that a text names.
NAMED = 8


def why_nobody(bus: Directory, to: Address[Any] | GroupAddress[Any]) -> str:
    """Which condition none of the peers meets; where there is no peer, how peers are looked for."""
    links = tuple(bus.routes.peers.values())
    there = f"{len(links)} peer{' is' if len(links) == 1 else 's are'} connected"
    role = to.where
    if not links:
        return f"{there}; {bus.search()}"
    if not isinstance(role, Role):
        return f"{there}, none of them runs {to.reactor!r}"
    offering = [link for link in links if role.name in link.roles]
    if not offering:
        offered = sorted({name for link in links for name in link.roles})
        named = ", ".join(offered[:NAMED]) + (", …" if len(offered) > NAMED else "")
        return f"{there}, none of them offers {role.name!r}; they offer {named or 'nothing'}"
    fitting = [link for link in offering if role.where.holds(link.roles[role.name].attributes)]
    if not fitting:
        return f"{there}, {len(offering)} of them offer {role.name!r}, none with {role.where}"
    running = [link for link in fitting if link.has(to.reactor)]
    if not running:
        return f"{there}, {len(fitting)} of them offer {role.name!r}, none of these runs {to.reactor!r}"
    return f"{there}, {len(running)} of them answer"
