"""Whether the configuration, the key and the book of a node are right: what `peerbus run` does before it listens."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ...actors.base import ConfigError
from ...node.config import NodeConfig, Override, load_config
from ...node.identity_source import FoundIdentity
from ...node.network import Network, WrongRule
from ...node.run import build_node, ignored_variables, load_identity
from ...transports.admission import EntryRules
from ...transports.streams import Identity
from ..configured import extensions_of
from .diagnosis import Diagnosis, failed, ok, warning

__all__ = ["LookedAtFiles", "look_at_files"]


@dataclass(frozen=True, slots=True)
class LookedAtFiles:
    """What came of it. `config` None: it cannot be read; `identity` None: none is set, or it cannot be read.

    `rules`: those of the network for that identity; None where there is none, or a rule is wrong.
    """

    diagnoses: tuple[Diagnosis, ...]
    config: NodeConfig | None = None
    identity: Identity | None = None
    rules: EntryRules | None = None

    @property
    def node_id(self) -> str | None:
        """The id of that identity."""
        return None if self.identity is None else self.identity.node_id


def look_at_files(path: Path, overrides: Sequence[Override] = ()) -> LookedAtFiles:
    """Read the configuration and what it names, and import its reactors; nothing is started."""
    try:
        config = load_config(path, overrides)
    except ConfigError as error:
        return LookedAtFiles(
            (failed("configuration", str(error), "mend it: `peerbus explain configuration` has every key"),)
        )
    key, read = _key(config)
    found = [_configuration(config, read), *_ignored(config), key, *_book(config)]
    identity = None if read is None else read.identity
    return LookedAtFiles(tuple(found), config, identity, _rules(config, identity))


def _configuration(config: NodeConfig, read: FoundIdentity | None) -> Diagnosis:
    seen = config
    if read is None and config.identity is not None:
        # Its key, which cannot be read, is told for itself; without it nothing can be said of a certificate.
        network = config.network
        seen = replace(config, identity=None, network=Network(network.name, allow=network.allow))
    try:
        build_node(seen, read, extensions_of(config))
    except ConfigError as error:
        return failed("configuration", str(error), "mend it: `peerbus explain configuration` has every key")
    return ok("configuration", f"{config.source.name}: {config.name} in network {config.network}")


def _ignored(config: NodeConfig) -> list[Diagnosis]:
    names = ignored_variables(config)
    if not names:
        return []
    advice = "`peerbus run --check` says what they may have been meant to be"
    return [warning("environment", f"{', '.join(names)}: no key of a configuration, and ignored", advice)]


def _rules(config: NodeConfig, identity: Identity | None) -> EntryRules | None:
    """What is wrong with one is told of the configuration."""
    try:
        return None if identity is None else config.network.rules(identity.node_id)
    except WrongRule:
        return None


def _key(config: NodeConfig) -> tuple[Diagnosis, FoundIdentity | None]:
    try:
        found = load_identity(config)
    except ConfigError as error:
        return failed("key", str(error), "without it the node does not start"), None
    if found is None:
        text = "no identity is set: the node is another one at each start, and peers know it no more"
        advice = 'make one, `peerbus keygen alice.pem`, and write identity = "alice.pem"'
        return warning("key", text, advice), None
    return ok("key", f"{found.source}: {found.why}"), found


def _book(config: NodeConfig) -> list[Diagnosis]:
    if config.book is None:
        return []
    for path in (config.book, config.book.parent):
        if path.exists() and not os.access(path, os.R_OK | os.W_OK):
            text = f"{path} cannot be written: what is learnt of peers is forgotten at the end"
            return [failed("book", text, f"let user {os.geteuid()} write it")]
    return [ok("book", str(config.book))]
