"""What `peerbus run --harden` asks of a configuration: what it turns on by itself, and what has to be there before."""

# Law 1. What is written stands: turned on are keys that nobody has set, so an operator who needs one otherwise says so.
# Law 2. What has to be there is not guessed: where it is missing the node does not start, and all is told at once.
# Law 3. Whoever can write a file that the node takes its code or its settings from is the node. So can whoever may
#        write a folder on the way there (sshd_config(5), StrictModes).

from __future__ import annotations

import os
import socket
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..config import NodeConfig, Override, Source, from_outside, leaves

__all__ = [
    "DEMANDS",
    "FLAG",
    "MEASURES",
    "HardenedConfig",
    "Measure",
    "Missing",
    "hardened",
    "imported_code",
    "missing_lines",
    "only_ours",
]

FLAG: Final = "--harden"


@dataclass(frozen=True, slots=True)
class Measure:
    """A key that is set where nobody has set it, nor one of `unless`."""

    key: str
    value: bool | int
    why: str
    unless: tuple[str, ...] = ()

    @property
    def override(self) -> Override:
        """As if it stood above the file."""
        return Override(tuple(self.key.split(".")), self.value, str(self.value).lower(), FLAG)


MEASURES: Final = (
    Measure(
        "discovery.mdns",
        False,
        "whoever is on the local network can say anything by multicast; name the peers, or say mdns = true",
        ("discovery.interfaces",),
    ),
    Measure("peers.max_per_address", 8, "how many peers may come from one address, whatever keys they have"),
    Measure("limits.arrivals_per_address", 10, "connections a second from one address that anything is spent on"),
)


@dataclass(frozen=True, slots=True)
class Missing:
    """What has to be there and is not: the key that it is about, and what is wrong with what would be right."""

    key: str
    problem: str


@dataclass(frozen=True, slots=True)
class HardenedConfig:
    """`config` with all that was turned on; it is hardened where nothing is `missing`."""

    config: NodeConfig
    turned_on: tuple[Measure, ...]
    missing: tuple[Missing, ...]

    def lines(self) -> list[str]:
        """What is missing, each with the place where it would stand."""
        return missing_lines(self.config.source, self.missing)


def missing_lines(source: Source, missing: Iterable[Missing]) -> list[str]:
    """What is missing of that configuration, each with the place where it would stand."""
    return [f"{f'{source.origin(one.key)}: {one.key}' if one.key else source.name}: {one.problem}" for one in missing]


def hardened(read: Callable[[Sequence[Override]], NodeConfig]) -> HardenedConfig:
    """The configuration that `read` gives, with what stands below all that is set. Raises ConfigError, as `read`."""
    written = {".".join(key) for key, _ in leaves(dict(read(()).values))}
    measures = tuple(one for one in MEASURES if written.isdisjoint((one.key, *one.unless)))
    config = read([one.override for one in measures])
    return HardenedConfig(config, measures, tuple(found for demand in DEMANDS for found in demand(config)))


def _identity(config: NodeConfig) -> Iterator[Missing]:
    if config.identity is None:
        yield Missing(
            "identity",
            "is not set: with a new key at each start nobody can name this node, or let it in and no other; "
            "`peerbus keygen` makes one",
        )


def _closed(config: NodeConfig) -> Iterator[Missing]:
    open_to = [str(endpoint) for endpoint in config.listen if from_outside(endpoint)]
    if open_to and not config.network.closed:
        yield Missing(
            "network",
            f"anybody who reaches {open_to[0]} may come in: say who may (allow, network_key, or authority and "
            "certificate), or listen at this machine's own addresses",
        )


def _unix(config: NodeConfig) -> Iterator[Missing]:
    if any(endpoint.path for endpoint in config.listen) and not hasattr(socket, "SO_PEERCRED"):
        yield Missing("listen", "this system does not tell who calls at a Unix socket: listen at a port of 127.0.0.1")


def _pins(config: NodeConfig) -> Iterator[Missing]:
    if not config.peers.options.pin:
        yield Missing("peers.pin", "is false: whoever answers at an address is taken for the node that is meant")
    nameless = [one for one in (*config.peers.persistent, *config.peers.seeds) if one.peer_id is None]
    if nameless and config.book is None:
        yield Missing(
            "book",
            f"is not set, and {nameless[0]} names no node: whoever answered there first is forgotten at the end; "
            "write tcp://<node id>@host:port (`peerbus id` prints it), or give the node a book",
        )


def _admin(config: NodeConfig) -> Iterator[Missing]:
    at = config.admin.at
    if config.admin.enabled and at is not None and "://" in at:
        yield Missing(
            "admin.at",
            f"{at} is a port, where a token alone lets in; leave it out for a Unix socket of mode 0600",
        )


def _files(config: NodeConfig) -> Iterator[Missing]:
    if os.path.exists(config.source.name):
        yield from only_ours("", "the configuration", Path(config.source.name))
    yield from only_ours("reactors", "the folder that modules are looked for in", config.folder)
    if config.book is not None:
        yield from only_ours("book", "the book", config.book if config.book.exists() else config.book.parent)
    yield from _rules(config)
    if config.admin.enabled and config.admin.at is not None and "://" not in config.admin.at:
        yield from only_ours("admin.at", "the folder of the admin socket", Path(config.admin.at).parent)


def _rules(config: NodeConfig) -> Iterator[Missing]:
    """The files by which it is decided who may come in. One that is not there yet can be put there by its folder."""
    network = config.network
    named = {"allow": network.allow, "authority": network.authority, "certificate": network.certificate}
    for key, source in (*named.items(), ("revoked", network.revoked_path), *(("network_key", k) for k in network.keys)):
        if isinstance(source, str | Path):
            path = Path(source)
            yield from only_ours(f"network.{key}", "the file", path if path.exists() else path.parent)


def only_ours(key: str, what: str, path: Path) -> Iterator[Missing]:
    """Nobody else may change what is there, or put something else in its place."""
    if why := who_else_writes(path):
        yield Missing(key, f"{what} is not this node's alone: {why}")


def who_else_writes(path: Path, *, mode: int = stat.S_IWGRP | stat.S_IWOTH) -> str:
    """Who may change what is at that path, beside this process's user and root; nothing where nobody may.

    `mode`: the rights of others that count.
    """
    try:
        whole = path.resolve(strict=True)
        for number, each in enumerate((whole, *whole.parents)):
            found = os.stat(each)
            if found.st_uid not in (0, os.geteuid()):
                return f"{each} belongs to user {found.st_uid}; chown it to the node's user, or to root"
            # In a folder like /tmp others may add things, and take away none of ours; it may be on the way only.
            if found.st_mode & mode and not (number and found.st_mode & stat.S_ISVTX):
                return f"others can write {each}; chmod go-w {each}"
    except OSError as error:
        return f"{path} cannot be looked at: {error.strerror}"
    return ""


def imported_code(key: str) -> Iterator[Missing]:
    """What Python imports. Groups are left out: Debian gives its own folders of modules to one of administrators."""
    for entry in dict.fromkeys(os.path.abspath(each) for each in sys.path):
        if os.path.exists(entry) and (why := who_else_writes(Path(entry), mode=stat.S_IWOTH)):
            yield Missing(key, f"where Python looks for modules, {why}")


def _code(config: NodeConfig) -> Iterator[Missing]:
    yield from imported_code("reactors")
    reactors = [("reactors", each.path) for each in config.reactors]
    reactors += [(one.key, each.path) for one in config.processes for each in one.reactors]
    for key, path in reactors:
        # The folder itself is looked at with the others.
        parts, folder = path.partition(":")[0].split("."), config.folder
        for number in range(1, len(parts) + 1):
            there = folder.joinpath(*parts[:number])
            for file in (there, there / "__init__.py", there.with_suffix(".py")):
                if file.exists() and (why := who_else_writes(file)):
                    yield Missing(key, f"the code of {path} is not this node's alone: {why}")
                    return


#: Everything that has to be there.
DEMANDS: Final[tuple[Callable[[NodeConfig], Iterable[Missing]], ...]] = (
    _identity,
    _closed,
    _unix,
    _pins,
    _admin,
    _files,
    _code,
)
