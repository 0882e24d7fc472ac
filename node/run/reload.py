"""SIGHUP: the configuration is read anew, and what can be changed without a restart is changed."""

# Law 1. A configuration that is not right changes nothing.
# Law 2. What differs from what runs is named: as changed, as refused by the node, or as waiting for a restart; what was
#        refused or waits is named again each time, until it runs.
# Law 3. Of what waits only the key is named: arguments of reactors may be secrets.

from __future__ import annotations

import contextlib
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Final, TypeVar

from ...actors.base import ConfigError, InFull, get_logger
from ...actors.messages import Capability
from ...actors.sends import Outcome
from ...discovery.facts import CONFIGURED_BAN
from ...discovery.mind import LeverResult
from ...transports.rules import PeerRates, Permissions
from ...transports.streams import Endpoint
from ..config import NodeConfig
from ..identity_source import IdentitySource
from ..logs import LEVELS, configure
from ..network import Network, differences
from ..node import Node

__all__ = ["LIVE", "Reload", "settings_of"]

log = get_logger("peerbus.node")

T = TypeVar("T")

#: What a configuration has beside its keys; the network, all of whose rules change at once, is looked at apart.
_NO_KEYS = frozenset({"source", "folder", "values", "network"})
#: Keys that are called otherwise in a file.
_AS_WRITTEN = {"requires": "require"}
#: What a key is worth now, and why it is not what was wanted.
_Now = tuple[T, list[str]]
_Pull = Callable[[T], Outcome[LeverResult]]


class Reload:
    """Call it to reload. `config` is what `node` was built from; `read` reads what it shall be."""

    def __init__(self, node: Node, config: NodeConfig, read: Callable[[], NodeConfig]) -> None:
        self._node = node
        self._read = read
        self._level = config.log.level
        self._running = settings_of(config)
        self._door = node._door
        self._door.written = lambda: self._anew().network
        #: The file that the configuration is in.
        self._file = config.source.name

    async def __call__(self) -> None:
        """Reload, and log what came of it."""
        try:
            config = self._anew()
        except ConfigError as error:
            log.error("configuration not reloaded, the node runs on as it was", node=self._node.name, error=str(error))
            return
        wanted = settings_of(config)
        changed, refused, waiting = [], [], []
        for key in sorted(wanted.keys() | self._running.keys()):
            old, new = self._running.get(key), wanted.get(key)
            if old == new:
                continue
            if key not in LIVE:
                waiting.append(key)
                continue
            now, problems = await LIVE[key](self._node, old, new)
            self._running[key] = now
            changed += [f"{key}: {difference}" for difference in _difference(old, now)]
            refused += [f"{key}: {problem}" for problem in problems]
        await self._reload_network(config.network, changed, refused, waiting)
        quieter = LEVELS[config.log.level] > LEVELS[self._level]
        if not quieter:
            self._set_log(config)
        told = {
            "changed": [InFull(text) for text in changed],
            "refused": [InFull(text) for text in refused],
            "needs_restart": waiting,
        }
        tell = log.warning if refused or waiting else log.info
        tell("configuration reloaded", node=self._node.name, **{what: names for what, names in told.items() if names})
        if quieter:
            self._set_log(config)

    def _anew(self) -> NodeConfig:
        """Raises ConfigError, also where to read it could take for ever: a pipe that was read at the start."""
        if os.path.exists(self._file) and not os.path.isfile(self._file):
            raise ConfigError(f"{self._file}: is no file, so it cannot be read anew")
        return self._read()

    async def _reload_network(self, new: Network, changed: list[str], refused: list[str], waiting: list[str]) -> None:
        """Its files are read anew also where the configuration says what it said: all of them count, or none."""
        running = self._door.network
        if new.name != running.name:
            waiting.append("network.name" if new.closed else "network")
            return
        if not (new.closed or running.closed):
            return
        before = self._node.network_view()
        try:
            await self._node.set_network(new)
        except ConfigError as error:
            refused.append(str(error))
            return
        changed += [f"network: {difference}" for difference in differences(before, self._node.network_view())]

    def _set_log(self, config: NodeConfig) -> None:
        """Last of all where less is logged from now on, so that what is said of the reload is not lost."""
        self._level = config.log.level
        configure(config.log.level, config.log.format)


def settings_of(config: object, prefix: str = "") -> dict[str, object]:
    """Every key of a configuration by its dotted name, and its value."""
    found: dict[str, object] = {}
    assert is_dataclass(config)
    for field in fields(config):
        if prefix or field.name not in _NO_KEYS:
            value, name = getattr(config, field.name), _AS_WRITTEN.get(field.name, field.name)
            if is_dataclass(value) and not isinstance(value, IdentitySource | PeerRates):
                found.update(settings_of(value, prefix if name == "options" else f"{prefix}{name}."))
            else:
                found[f"{prefix}{name}"] = tuple(sorted(value)) if isinstance(value, frozenset) else value
    return found


def _difference(old: object, new: object) -> list[str]:
    if isinstance(old, tuple) and isinstance(new, tuple):
        return [f"-{one}" for one in old if one not in new] + [f"+{one}" for one in new if one not in old]
    return [] if old == new else [f"{old} -> {new}"]


async def _log(_node: Node, _old: str, new: str) -> _Now[str]:
    return new, []  # `Reload` does it, when it has told


async def _shutdown_timeout(node: Node, _old: float, new: float) -> _Now[float]:
    node.bus.shutdown_timeout = new
    return new, []


async def _offers(node: Node, old: tuple[Capability, ...], new: tuple[Capability, ...]) -> _Now[tuple[Capability, ...]]:
    roles = {capability.role for capability in new}
    for capability in old:
        if capability.role not in roles:
            with contextlib.suppress(ValueError):  # the program has withdrawn it itself
                node.withdraw(capability.role)
    now, problems = [], []
    for capability in new:
        try:
            if capability not in old:
                node.offer(str(capability))
            now.append(capability)
        except ConfigError as error:  # with what the program offers beside it is too much
            problems.append(str(error))
    return tuple(now), problems


async def _persistent(node: Node, old: tuple[Endpoint, ...], new: tuple[Endpoint, ...]) -> _Now[tuple[Endpoint, ...]]:
    return await _members(
        old, new, lambda one: node.add_persistent(str(one)), lambda one: node.remove_persistent(str(one))
    )


async def _seeds(node: Node, old: tuple[Endpoint, ...], new: tuple[Endpoint, ...]) -> _Now[tuple[Endpoint, ...]]:
    return await _members(old, new, lambda one: node.add_seed(str(one)), lambda one: node.remove_seed(str(one)))


async def _banned(node: Node, old: tuple[str, ...], new: tuple[str, ...]) -> _Now[tuple[str, ...]]:
    return await _members(old, new, lambda one: node.ban(one, reason=CONFIGURED_BAN), node.unban)


async def _permissions(node: Node, _old: Permissions, new: Permissions) -> _Now[Permissions]:
    await node.set_permissions(new)
    return new, []


async def _rates(node: Node, _old: PeerRates, new: PeerRates) -> _Now[PeerRates]:
    await node.set_rates(new)
    return new, []


async def _members(old: Iterable[T], new: Iterable[T], add: _Pull[T], remove: _Pull[T]) -> _Now[tuple[T, ...]]:
    """Take out what is no longer wanted, then put in what is new. What stands so already is as wanted."""
    now, wanted, problems = list(old), list(new), []
    for one in [each for each in now if each not in wanted]:
        await remove(one)  # what is refused is not there: the operator was faster
        now.remove(one)
    for one in [each for each in wanted if each not in now]:
        result = await add(one)
        if result or result.reason == "already":
            now.append(one)
        else:
            problems.append(result.text)
    return tuple(now), problems


#: How each key is changed that can be while the node runs; gives what it is worth then, and what was refused.
LIVE: Final[Mapping[str, Callable[[Node, Any, Any], Awaitable[tuple[Any, list[str]]]]]] = {
    "limits.shutdown_timeout": _shutdown_timeout,
    "log.format": _log,
    "log.level": _log,
    "offers": _offers,
    "peers.banned": _banned,
    "peers.persistent": _persistent,
    "peers.seeds": _seeds,
    "permissions": _permissions,
    "rates": _rates,
}
