"""The table `[peers]` of a configuration: with whom to be connected, and in what measure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ...actors.base import ConfigError, is_node_id
from ...discovery.facts import MAX_SCORE, MIN_SCORE, Require, ban_target
from ...discovery.peer import PeerOptions
from ...transports.connection import HEARTBEAT_INTERVAL
from ...transports.streams import Endpoint
from .limits import MAX_WAIT
from .places import PEER_EXAMPLE, reachable
from .table import TomlTable

__all__ = ["MAX_PEERS", "PeersConfig", "read_peers"]

#: What a node of one process can still serve; more is a typing error.
MAX_PEERS = 10_000
#: Peers that a node may remember: some hundred bytes each.
MAX_KNOWN = 1_000_000
#: Seconds of what may last longer than a wait: a ban, a memory.
MAX_AGE = 366 * 86_400.0

_DEFAULTS = PeerOptions()
#: Times by their names in `PeerOptions`: the longest that is taken, and whether 0 is.
_TIMES = {
    "min_retry": (MAX_WAIT, False),
    "max_retry": (MAX_AGE, False),
    "max_retry_persistent": (MAX_WAIT, False),
    "disconnect_cooldown": (MAX_WAIT, True),
    "seed_cooldown": (MAX_WAIT, True),
    "stable_after": (MAX_WAIT, True),
    "score_half_life": (MAX_AGE, False),
    "ban_time": (MAX_AGE, True),
    "upgrade_tenure": (MAX_AGE, True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PeersConfig:
    """The peers to be connected with: `persistent` endpoints are dialed for ever, `seeds` when nobody else is left.

    `heartbeat`: seconds between signs of life on each connection.
    """

    persistent: tuple[Endpoint, ...] = ()
    seeds: tuple[Endpoint, ...] = ()
    heartbeat: float = HEARTBEAT_INTERVAL
    options: PeerOptions = field(default_factory=PeerOptions)


def read_peers(table: TomlTable) -> PeersConfig:
    """Read the table to its end. Raises: ConfigError."""
    persistent, seeds = _dialed(table, "persistent"), _dialed(table, "seeds")
    connected = table.integer("max_connected", 64, low=1, high=MAX_PEERS)
    outgoing = table.integer("max_outgoing", min(16, connected), low=0, high=MAX_PEERS)
    upgrade = table.integer("max_connected_upgrade", 4, low=0, high=MAX_PEERS)
    unconditional = table.each("unconditional", _node_id, '"<node id>"')
    if outgoing > connected:
        raise table.error("max_outgoing", f"{outgoing} is more than max_connected = {connected}")
    if len(persistent) + len(unconditional) > connected:
        key = "persistent" if persistent else "unconditional"
        count = len(persistent) + len(unconditional)
        raise table.error(key, f"{count} peers do not fit in max_connected = {connected}")
    options: dict[str, Any] = {
        "max_connected": connected,
        "max_connected_upgrade": upgrade,
        "max_outgoing": outgoing,
        "max_known": table.integer("max_known", max(260, upgrade + 4 * connected), low=1, high=MAX_KNOWN),
        "max_per_address": table.integer("max_per_address", 0, low=0, high=MAX_PEERS) or None,
        "pin": table.flag("pin", _DEFAULTS.pin),
        "unconditional": frozenset(unconditional),
        "private": frozenset(table.each("private", _node_id, '"<node id>"')),
        "banned": frozenset(str(target) for target in table.each("banned", ban_target, '"10.1.0.0/16"')),
        "scores": _scores(table.table("scores")),
        "requires": _requirements(table, connected),
        "retry_jitter": table.number("retry_jitter", _DEFAULTS.retry_jitter, low=0, high=1),
        "ban_score": table.number("ban_score", _DEFAULTS.ban_score, low=MIN_SCORE, high=0),
        "upgrade_margin": table.number("upgrade_margin", _DEFAULTS.upgrade_margin, low=0, high=MAX_SCORE),
    }
    for name, (high, zero) in _TIMES.items():
        options[name] = table.seconds(name, getattr(_DEFAULTS, name), high=high, zero=zero)
    heartbeat = table.seconds("heartbeat", HEARTBEAT_INTERVAL, high=MAX_WAIT)
    table.finish()
    try:
        made = PeerOptions(**options)
    except ConfigError as error:
        raise table.wrong(str(error)) from error
    return PeersConfig(persistent=persistent, seeds=seeds, heartbeat=heartbeat, options=made)


def _dialed(table: TomlTable, key: str) -> tuple[Endpoint, ...]:
    endpoints = table.each(key, reachable, PEER_EXAMPLE)
    for index, endpoint in enumerate(endpoints):
        if endpoint.direct and endpoint.port == 0:
            raise table.error(f"{key}[{index}]", f"{endpoint} has port 0, which cannot be dialed")
        if not endpoint.is_place:
            raise table.error(
                f"{key}[{index}]", f"{endpoint} is where a node listens; write where it is, {PEER_EXAMPLE}"
            )
        if endpoint in endpoints[:index]:
            raise table.error(f"{key}[{index}]", f"{endpoint} is there twice")
    return endpoints


def _node_id(text: str) -> str:
    if not is_node_id(text):
        raise ValueError(f"{text!r} is no node id: 64 lower-case hex digits, as `peerbus id` prints them")
    return text


def _scores(table: TomlTable) -> dict[str, float]:
    found = {}
    for node_id in table.names():
        if not is_node_id(node_id):
            raise table.error(node_id, "is no node id: 64 lower-case hex digits, as `peerbus id` prints them")
        found[node_id] = table.number(node_id, 0.0, low=MIN_SCORE, high=MAX_SCORE)
    return found


def _requirements(table: TomlTable, connected: int) -> tuple[Require, ...]:
    found = []
    for index, entry in enumerate(table.entries("require", '{ role = "archive", at_least = 2 }')):
        if not isinstance(entry, TomlTable):
            raise table.error(f"require[{index}]", 'write { role = "archive", at_least = 2 } or { …, share = 0.3 }')
        role, at_least = entry.text("role", '"archive"'), entry.integer("at_least", 0, low=1, high=MAX_PEERS)
        share = entry.fraction("share", 0.0)
        entry.finish()
        if not (at_least or share):
            raise table.error(f"require[{index}]", "says not how many; write at_least = 2, or share = 0.3, or both")
        if at_least > connected:
            key = f"require[{index}].at_least"
            raise table.error(key, f"{at_least} is more than max_connected = {connected}")
        try:
            found.append(Require(role=role, at_least=at_least, share=share))
        except ConfigError as error:
            raise table.error(f"require[{index}]", str(error)) from None
    return tuple(found)
