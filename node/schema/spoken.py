"""What a node speaks, as far as it can be told of one that does not run: its channels, who runs them, its roles."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...actors.base import ConfigError
from ...actors.messages import Channel
from ...actors.pools import Pool
from ...actors.reactor import Reactor
from ...discovery.facts import Require
from ..config import load_config
from ..node import Node
from ..run import known_channels, loaded_reactors
from .program import found_in_program

__all__ = ["ServedChannel", "SpokenNode", "spoken_by"]


@dataclass(frozen=True, slots=True)
class ServedChannel:
    """A channel that the node runs: by which class, a pool of how many, in which process (None: its own)."""

    channel: Channel[Any]
    actor: type | None
    members: int = 1
    process: str | None = None


@dataclass(frozen=True, slots=True)
class SpokenNode:
    """A node that does not run. `network` is empty, and so are others, where a source does not say.

    `talks_to`: channels that it knows and does not run. `unknown`: factories that say no channel until they are called.
    """

    name: str
    source: str
    network: str = ""
    listen: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()
    requires: tuple[Require, ...] = ()
    served: tuple[ServedChannel, ...] = ()
    talks_to: tuple[Channel[Any], ...] = ()
    unknown: tuple[str, ...] = ()


def spoken_by(source: str) -> SpokenNode:
    """What the node of a source speaks: a configuration (`alice.toml`), or `module:Name` of a program.

    `Name` is a `Node`, a function without arguments that returns one, a reactor or a channel. Nothing is started,
    and no key read. Raises ConfigError, which says what would be right.
    """
    if source.endswith(".toml"):
        return _of_config(Path(source), source)
    found = found_in_program(source, otherwise="or name a configuration (.toml)")
    name = source.partition(":")[2]
    if isinstance(found, type) and issubclass(found, Reactor):
        try:
            served = ServedChannel(found.declared_channel(), found)
        except TypeError as error:
            raise ConfigError(f"{source}: {error}") from error
        return SpokenNode(name, source, served=(served,))
    if isinstance(found, Channel):
        return SpokenNode(name, source, served=(ServedChannel(found, None),))
    made: object = found
    if not isinstance(found, Node) and callable(found):
        try:
            made = found()
        except Exception as error:  # it is the user's code, which may raise anything
            raise ConfigError(f"{source}() makes no node: {type(error).__name__}: {error}") from error
    if isinstance(made, Node):
        return _of_node(made, source)
    what = f"returns {type(made).__name__}" if made is not found else f"is of type {type(found).__name__}"
    raise ConfigError(f"{source} {what}; name a Node, a function that returns one, a reactor or a channel")


def _of_config(path: Path, source: str) -> SpokenNode:
    config = load_config(path)
    loaded = loaded_reactors(config)
    # With what the configuration sets of them.
    channels = {channel.name: channel for channel in known_channels(config)}
    served = [_served(each.factory, channels, each.process) for each in loaded]
    run = {each.channel.name for each in loaded}
    return SpokenNode(
        config.name,
        source,
        network=str(config.network),
        listen=tuple(map(str, config.listen)),
        offers=tuple(map(str, config.offers)),
        requires=tuple(config.peers.options.requires),
        served=tuple(each for each in served if each is not None),
        talks_to=tuple(each for name, each in channels.items() if name not in run),
    )


def _of_node(node: Node, source: str) -> SpokenNode:
    tuned = node.bus.channels
    found = [(factory, _served(factory, {}, None)) for factory in node._reactors]
    served = [each for _, each in found if each is not None]
    for process, classes in node._workers.classes.items():
        served += [ServedChannel(each.declared_channel(), each, process=process) for each in classes]
    run = {each.channel.name for each in served}
    return SpokenNode(
        node.name,
        source,
        network=node.network,
        listen=tuple(map(str, node._listen)),
        offers=node.offers,
        requires=tuple(node._options.requires),
        served=tuple(
            ServedChannel(tuned.tuned(each.channel), each.actor, each.members, each.process) for each in served
        ),
        talks_to=tuple(each for name, each in tuned.items() if name not in run),
        unknown=tuple(_named(factory) for factory, each in found if each is None and not _is_plain(factory)),
    )


def _served(
    factory: Callable[[], object], channels: dict[str, Channel[Any]], process: str | None
) -> ServedChannel | None:
    """What a factory runs; None where it says no channel."""
    members = 1
    if isinstance(factory, Pool):
        members, factory = factory.plan.size, factory.plan.factory
    while isinstance(factory, functools.partial):
        factory = factory.func
    channel: object = getattr(factory, "__channel__", None)
    if not isinstance(channel, Channel):
        return None
    actor = factory if isinstance(factory, type) else None
    return ServedChannel(channels.get(channel.name, channel), actor, members, process)


def _is_plain(factory: object) -> bool:
    """A class of actors without a channel: what it takes no peer can send."""
    while isinstance(factory, functools.partial):
        factory = factory.func
    return isinstance(factory, type)


def _named(factory: object) -> str:
    name: object = getattr(factory, "__qualname__", None)
    return name if isinstance(name, str) else repr(factory)
