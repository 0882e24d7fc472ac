"""From a configuration to a node: the identity is read, the reactors are imported, the parts are put together."""

from __future__ import annotations

import errno
import functools
import importlib
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from inspect import getattr_static
from typing import Any, NamedTuple

from ...actors.base import ConfigError, did_you_mean
from ...actors.messages import Channel, ChannelTuning, KnownChannels
from ...actors.reactor import Reactor
from ...discovery.book import LINK, no_book
from ...transports.kinds import make_transports
from ...transports.streams import Identity, TransportOptions
from ..config import NodeConfig, ProcessReactor, ReactorConfig
from ..constructor import check_arguments
from ..extension import Extension
from ..identity_source import FoundIdentity
from ..network import WrongRule
from ..node import Node
from ..workers import Worker, members_of
from .channel_tuning import channel_tuning

__all__ = [
    "LoadedReactor",
    "build_node",
    "known_channels",
    "load_channels",
    "load_identity",
    "load_processes",
    "load_reactors",
    "loaded_reactors",
]


def build_node(config: NodeConfig, found: FoundIdentity | None = None, extensions: Sequence[Extension] = ()) -> Node:
    """The node that `config` describes, not yet started; `found`: its identity, if it was read. Raises: ConfigError."""
    found = found or load_identity(config)
    identity = found.identity if found else Identity.generate()
    channels, tuning = load_channels(config)
    _check_book(config)
    _check_network(config, found)
    return Node(
        config.name,
        network=config.network,
        identity=identity,
        listen=[str(endpoint) for endpoint in config.listen],
        advertise=[str(endpoint) for endpoint in config.advertise],
        offers=[str(offer) for offer in config.offers],
        reactors=load_reactors(config, starts=True),
        processes=load_processes(config),
        channels=channels,
        tuning=tuning,
        mdns=config.discovery.mdns and (config.discovery.interfaces or True),
        finders=config.discovery.finders,
        pex=config.pex.enabled and config.pex.options,
        private=config.pex.private,
        peers=[str(endpoint) for endpoint in config.peers.persistent],
        seeds=[str(endpoint) for endpoint in config.peers.seeds],
        options=replace(config.peers.options, peer_memory=config.limits.peer_memory),
        heartbeat=config.peers.heartbeat,
        permissions=config.permissions,
        rates=config.rates,
        transports=make_transports(
            (*config.listen, *config.peers.persistent, *config.peers.seeds),
            TransportOptions(identity=identity, arrivals_per_address=config.limits.arrivals_per_address),
            config.transports,
        ),
        book=config.book,
        shutdown_timeout=config.limits.shutdown_timeout,
        slow_handler=config.limits.slow_handler,
        blocking_threads=config.limits.blocking_threads,
        extensions=extensions,
    )


def _check_network(config: NodeConfig, found: FoundIdentity | None) -> None:
    """Raise ConfigError for a rule by which nobody could come in, with the line on which it stands."""
    network = config.network
    if network.certificate is not None and found is None:
        text = 'a certificate is of a key that stays, and identity is not set; write identity = "alice.pem"'
        raise config.source.error("network.certificate", text)
    try:
        network.rules(found.identity.node_id if found else "")
    except WrongRule as error:
        raise config.source.error(f"network.{error.key}", error.text) from None


def _check_book(config: NodeConfig) -> None:
    """Raise ConfigError for what is no book. Before the node runs: closing the file later would end SQLite's lock."""
    if config.book is None:
        return
    try:
        descriptor = os.open(config.book, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError as error:
        if error.errno != errno.ELOOP:  # it is not there, or not for us to read: then the node says so itself
            return
        problem = LINK
    else:
        with open(descriptor, "rb"):
            problem = no_book(descriptor)
    if problem:
        text = f"{config.book} cannot be the book: {problem}; name a file that is the book's alone"
        raise config.source.error("book", text)


def load_identity(config: NodeConfig) -> FoundIdentity | None:
    """The identity that `config` names; None where it names none. It can be read once. Raises: ConfigError."""
    if config.identity is None:
        return None
    try:
        return config.identity.read()
    except ConfigError as error:
        raise config.source.error("identity", str(error)) from error


def load_reactors(config: NodeConfig, *, starts: bool = False) -> list[Callable[[], Reactor]]:
    """A factory for each reactor that `config` names by import path. Raises: ConfigError.

    A reactor class may have a classmethod `check_args`, which takes what the constructor takes and raises ConfigError
    where nothing can be started so. Where the node `starts` it is called here, before anything is announced.

    The configuration's folder is put first in `sys.path`, as Python does with the folder of a script, so a
    reactor may stand in a file beside it. The process keeps it there: reactors may import more, later.
    """
    return [each.factory for each in loaded_reactors(config, starts=starts) if each.process is None]


def load_processes(config: NodeConfig) -> dict[str, Worker]:
    """The worker processes that `config` names, with their reactors. Raises: ConfigError.

    What `check_args` says of a reactor is asked for in its process.
    """
    reactors, found = loaded_reactors(config), {}
    for process in config.processes:
        own = [each.factory for each in reactors if each.process == process.name]
        try:
            found[process.name] = Worker(
                own, unresponsive=process.unresponsive, listen=process.listen, worker_id=process.worker_id
            )
        except ConfigError as error:
            raise config.source.error(process.key, str(error)) from error
    return found


class LoadedReactor(NamedTuple):
    """A reactor that `config` names: the path that does so, its channel, and the process that runs it, None: ours."""

    factory: Callable[[], Reactor]
    path: str
    channel: Channel[Any]
    process: str | None


def loaded_reactors(config: NodeConfig, *, starts: bool = False) -> list[LoadedReactor]:
    """All that `config` names, its own process's first. Raises: ConfigError, as `load_reactors`."""
    reactors: list[LoadedReactor] = []
    channels: dict[str, str] = {}
    listed: list[tuple[str, ReactorConfig | ProcessReactor, str | None]] = [
        (f"reactors[{index}]", entry, None) for index, entry in enumerate(config.reactors)
    ]
    for worker in config.processes:
        listed += [(each.key, each, worker.name) for each in worker.reactors]
    for key, entry, process in listed:
        reactor = _import(config, key, entry.path)
        if not (isinstance(reactor, type) and issubclass(reactor, Reactor)):
            name = entry.path.partition(":")[2]
            problem = f"{entry.path} is {_what(reactor)}, not a reactor; write class {name}(Reactor)"
            raise config.source.error(key, problem)
        try:
            channel = reactor.declared_channel()
            reactor.check_whole()
            check_arguments(reactor, entry.args)
            if starts and process is None and isinstance(getattr_static(reactor, "check_args", None), classmethod):
                reactor.check_args(**entry.args)  # type: ignore[attr-defined]  # as was just seen
        except (TypeError, ConfigError) as error:
            raise config.source.error(key, f"{entry.path} cannot be made: {error}") from error
        if channel.name in channels:
            problem = f"{entry.path} and {channels[channel.name]} have one channel, {channel.name!r}"
            raise config.source.error(key, problem)
        channels[channel.name] = entry.path
        factory: Callable[[], Reactor] = functools.partial(reactor, **entry.args) if entry.args else reactor
        if isinstance(entry, ReactorConfig) and entry.pool is not None:
            pick = _import(config, f"{key}.pool.pick", entry.pool.pick) if entry.pool.picks_by else None
            try:
                factory = made = entry.pool.made(factory, pick)
                members_of([made])
            except (TypeError, ValueError, ConfigError) as error:
                raise config.source.error(f"{key}.pool", str(error)) from error
        reactors.append(LoadedReactor(factory, entry.path, channel, process))
    return reactors


def load_channels(config: NodeConfig) -> tuple[list[Channel[Any]], dict[str, ChannelTuning]]:
    """The channels that `config` names by import path, and what it sets of channels, by name. Raises: ConfigError.

    A path may also name the reactor whose channel it is. They are looked for as reactors are. Another channel of the
    name of one that this node runs is refused, and so is what is set of a channel that this node does not know.
    """
    run = {each.channel.name: (each.path, each.channel) for each in loaded_reactors(config)}
    channels: dict[str, tuple[str, Channel[Any]]] = {}
    for entry in config.channels:
        key, path = entry.key, entry.path
        if path is None:
            continue
        found = _import(config, key, path)
        channel = found.__channel__ if isinstance(found, type) and issubclass(found, Reactor) else found
        if not isinstance(channel, Channel):
            raise config.source.error(key, f"{path} is {_what(found)}, not a channel; write Channel(…, messages=(…))")
        if entry.name not in {None, channel.name}:
            problem = f"{path} is the channel {channel.name!r}, not {entry.name!r}; write [channels.{channel.name}]"
            raise config.source.error(key, problem)
        before, known = channels.setdefault(channel.name, run.get(channel.name, (path, channel)))
        if known is not channel and known.messages != channel.messages:
            problem = f"{path} and {before} are two different channels of one name, {channel.name!r}"
            raise config.source.error(key, problem)
    known_here = [channel for _, channel in channels.values()]
    return known_here, channel_tuning(config, [channel for _, channel in run.values()], known_here)


def known_channels(config: NodeConfig) -> list[Channel[Any]]:
    """The channels of the node that `config` describes, with what is set of them. Raises: ConfigError."""
    listed, tuning = load_channels(config)
    known = KnownChannels(tuning)
    for channel in [*(each.channel for each in loaded_reactors(config)), *listed]:
        known.declare(channel)
    return list(known.values())


def _import(config: NodeConfig, key: str, path: str) -> object:
    folder = str(config.folder.resolve())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    module, _, name = path.partition(":")
    try:
        found: object = importlib.import_module(module)
    except (Exception, SystemExit) as error:  # importing runs the user's code, which may raise anything
        cause = f"{type(error).__name__}: {error}"
        where = f"; looked in {config.folder.resolve()} and among the installed packages"
        missing = isinstance(error, ModuleNotFoundError) and error.name == module.split(".")[0]
        at = where if missing else ""
        problem = f"cannot import {module!r} ({cause}){_place_of(error, folder)}{at}"
        raise config.source.error(key, problem) from error
    for part in name.split("."):
        if not hasattr(found, part):
            raise config.source.error(key, f"module {module!r} has no {name!r}{did_you_mean(part, vars(found))}")
        found = getattr(found, part)
    return found


def _place_of(error: BaseException, folder: str) -> str:
    """Where an import failed: the innermost line of the configuration's folder, else of all that was imported."""
    frames = traceback.extract_tb(error.__traceback__)[1:]
    lines = [each for each in frames if not each.filename.startswith("<") and each.filename != importlib.__file__]
    place = next((each for each in reversed(lines) if each.filename.startswith(folder)), lines[-1] if lines else None)
    return "" if place is None else f" at {place.filename}:{place.lineno}"


def _what(found: object) -> str:
    if isinstance(found, type) and issubclass(found, Reactor) and found.__channel__ is None:
        return f"the class {found.__name__}, which declares no channel"
    return f"the class {found.__name__}" if isinstance(found, type) else f"of type {type(found).__name__}"
