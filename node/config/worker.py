"""The configuration of a worker that runs elsewhere than its node: a TOML file of its own, for `peerbus worker`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ...actors.base import ConfigError
from ...actors.messages import REACTOR_PATTERN
from ...transports.streams import Endpoint
from ..identity_source import IdentitySource
from ..logs import FORMATS, LEVELS
from .overrides import Override, joined
from .table import Source, TomlTable

__all__ = ["WorkerConfig", "load_worker_config"]

_NODE = '"unix:///shared/crunch.sock" or "tcp://<node id>@alice:7450"'


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerConfig:
    """`name` as in the node's `[processes.NAME]`; `node`: where that listens for it; `identity`: the worker's own."""

    name: str
    node: Endpoint
    identity: IdentitySource | None
    level: str
    format: str
    source: Source = field(repr=False)
    #: What is set, as it was written.
    values: Mapping[str, object] = field(default_factory=dict, repr=False)


def load_worker_config(path: Path, overrides: Sequence[Override] = ()) -> WorkerConfig:
    """Read it, with what stands above it. Raises: ConfigError, naming the file, the line, the key and what is right."""
    try:
        text = path.read_bytes().decode().removeprefix("\ufeff")
        written = tomllib.loads(text)
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text at byte {error.start}; TOML is UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None
    if "processes" in written or "reactors" in written:
        raise ConfigError(
            f"{path}: this is the configuration of a node, which `peerbus run` starts; a worker has one of its own, "
            "with name and node: what it runs its node says"
        )
    values, left_out = joined(written, overrides, str(path))
    source = Source(str(path), text, tuple(overrides), left_out)
    top = TomlTable(source, values)
    name = top.text("name", '"crunch"')
    if not REACTOR_PATTERN.fullmatch(name):
        raise top.error(
            "name", f"{name!r} is no name of a worker: lower-case letters, digits, '.', '_', '-'; at most 63"
        )
    node = _node(top)
    identity = _identity(top, path.parent)
    if node.scheme == "tcp" and identity is None:
        raise top.error(
            "identity", "over TCP a worker shows a key, which its node names: make one, peerbus keygen crunch.key"
        )
    log = top.table("log")
    level, form = log.choice("level", LEVELS, "info"), log.choice("format", FORMATS, "console")
    log.finish()
    top.finish()
    return WorkerConfig(name=name, node=node, identity=identity, level=level, format=form, source=source, values=values)


def _node(top: TomlTable) -> Endpoint:
    text = top.text("node", _NODE)
    try:
        node = Endpoint.parse(text)
    except ValueError as error:
        raise top.error("node", f"{error}; for example {_NODE}") from None
    if node.scheme not in ("tcp", "unix"):
        raise top.error("node", f"{text}: a worker calls its node over tcp:// or unix://, not {node.scheme}://")
    if node.scheme == "tcp" and node.peer_id is None:
        raise top.error(
            "node", f"{text} does not say whom it is to meet: write {_NODE}; `peerbus id alice.key` prints it"
        )
    return node


def _identity(top: TomlTable, folder: Path) -> IdentitySource | None:
    if not top.has("identity"):
        return None
    example = '"crunch.key"'
    try:
        source = IdentitySource.parse(top.text("identity", example))
    except ValueError as error:
        raise top.error("identity", str(error)) from None
    return replace(source, name=str(top.file_path("identity", example, folder))) if source.kind == "file" else source
