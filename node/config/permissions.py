"""The table `[permissions]` of a configuration: who may tell and ask on which channel, and offer which role."""

from __future__ import annotations

from collections.abc import Iterable

from ...actors.base import did_you_mean
from ...actors.messages import REACTOR_PATTERN, Capability
from ...transports.rules import WHO_EXAMPLE, Allow, Permissions, Who
from .table import TomlTable

__all__ = ["notes_on_permissions", "read_permissions"]

_EVERYBODY = ("*",)


def read_permissions(table: TomlTable) -> Permissions:
    """Read the table to its end. Raises: ConfigError."""
    tell, ask, offer = (_who(table, name) for name in ("tell", "ask", "offer"))
    channels, roles = table.table("channels"), table.table("roles")
    found = Permissions(
        tell=_EVERYBODY if tell is None else tell,
        ask=_EVERYBODY if ask is None else ask,
        offer=_EVERYBODY if offer is None else offer,
        channels={name: _allow(channels, name) for name in channels.names()},
        roles={role: _role(roles, role) for role in roles.names()},
    )
    table.finish()
    return found


def _allow(channels: TomlTable, name: str) -> Allow:
    if not REACTOR_PATTERN.fullmatch(name):
        raise channels.error(name, "is no name of a channel: lower-case letters, digits, '.', '_', '-'; at most 63")
    table = channels.table(name)
    allow = Allow(tell=_who(table, "tell"), ask=_who(table, "ask"))
    table.finish()
    return allow


def _role(roles: TomlTable, role: str) -> tuple[str, ...]:
    try:
        Capability(role)
    except ValueError as error:
        raise roles.error(role, str(error)) from None
    return _who(roles, role) or ()


def _who(table: TomlTable, name: str) -> tuple[str, ...] | None:
    return table.each(name, _one, WHO_EXAMPLE) if table.has(name) else None


def _one(text: str) -> str:
    Who.of([text])
    return text


def notes_on_permissions(
    permissions: Permissions, channels: Iterable[str], roles: Iterable[str], *, certified: bool
) -> list[str]:
    """What of the rules speaks of nothing that is known here; a sentence each.

    `roles`: offered and required here. `certified`: the network has an authority, so peers have certificates.
    """
    channels, roles = sorted(channels), sorted(set(roles))
    notes = [
        f"permissions.channels: this node knows no channel {name!r}{did_you_mean(name, channels)}"
        for name in sorted(permissions.channels)
        if name not in channels
    ]
    notes += [
        f"permissions.roles: this node neither offers nor requires the role {role!r}{did_you_mean(role, roles)}"
        for role in sorted(permissions.roles)
        if role not in roles
    ]
    named = () if certified else permissions.certified
    if named:
        those = ", ".join(named[:3]) + (", …" if len(named) > 3 else "")
        notes.append(
            f"permissions: {those} stands for nobody, as certificates say it and this network has no authority"
        )
    return notes
