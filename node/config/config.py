"""The configuration of one node: a TOML file, read into a value that cannot be invalid."""

from __future__ import annotations

import re
import stat
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from ...actors.base import ConfigError
from ...actors.messages import Capability
from ...discovery.finder_kinds import make_finders
from ...discovery.records import Advertised, check_offers_fit
from ...transports.rules import PeerRates, Permissions
from ...transports.streams import Endpoint
from ..identity_source import IdentitySource
from ..logs import FORMATS, LEVELS
from ..network import Network
from ..node_arguments import wrong_name, wrong_network
from .admin import AdminConfig, read_admin
from .channels import IMPORT_PATH, ChannelConfig, read_channels
from .limits import LimitsConfig, read_limits
from .network import named_network, read_network
from .overrides import Override, joined, key_text, leaves, too_large
from .peers import PeersConfig, read_peers
from .permissions import read_permissions
from .pex import PexConfig, read_pex
from .places import advertised_at, interface_of, listen_at, taken_twice
from .pools import PoolConfig, read_pool
from .processes import ProcessConfig, read_processes
from .rates import read_rates
from .table import Source, TomlTable
from .tracing import TracingConfig, read_tracing
from .transports import read_transports

__all__ = [
    "DiscoveryConfig",
    "LogConfig",
    "NodeConfig",
    "ReactorConfig",
    "load_config",
    "parse_config",
]

_REACTOR_EXAMPLE = '"package.module:Class"'


@dataclass(frozen=True, slots=True)
class ReactorConfig:
    """One reactor: `path` is `module:Class`, `args` the keyword arguments that it is made with; `pool`: it is one."""

    path: str
    args: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    pool: PoolConfig | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoveryConfig:
    """How peers are found. `interfaces` are IP addresses or names of this machine's; None means all of them.

    `finders` are URLs of other ways, `dns://…`, `folder://…`.
    """

    mdns: bool = True
    interfaces: tuple[str, ...] | None = None
    finders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LogConfig:
    """What is logged, and how."""

    level: str = "info"
    format: str = "console"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeConfig:
    """One node as its file describes it. `source` is for errors that are found later; `folder` holds the file."""

    name: str
    network: Network
    source: Source = field(repr=False)
    folder: Path
    identity: IdentitySource | None = None
    book: Path | None = None
    listen: tuple[Endpoint, ...] = ()
    advertise: tuple[Advertised, ...] = ()
    offers: tuple[Capability, ...] = ()
    reactors: tuple[ReactorConfig, ...] = ()
    processes: tuple[ProcessConfig, ...] = ()
    channels: tuple[ChannelConfig, ...] = ()
    discovery: DiscoveryConfig = field(default_factory=DiscoveryConfig)
    pex: PexConfig = field(default_factory=PexConfig)
    peers: PeersConfig = field(default_factory=PeersConfig)
    permissions: Permissions = field(default_factory=Permissions)
    rates: PeerRates = field(default_factory=PeerRates)
    #: What is set of carriers, by scheme.
    transports: Mapping[str, object] = field(default_factory=dict, repr=False)
    log: LogConfig = field(default_factory=LogConfig)
    limits: LimitsConfig = field(default_factory=LimitsConfig)
    admin: AdminConfig = field(default_factory=AdminConfig)
    tracing: TracingConfig = field(default_factory=TracingConfig)
    #: Everything that is set, as it was written: to be shown.
    values: Mapping[str, object] = field(default_factory=dict, repr=False)


def load_config(path: str | Path, overrides: Sequence[Override] = ()) -> NodeConfig:
    """Read a node's TOML file, with what stands above it; see `overrides`.

    Raises: ConfigError, naming the file, the line, the key and what would be right.
    """
    path = Path(path)
    try:
        text = path.read_bytes().decode().removeprefix("\ufeff")  # a mark that some editors write; TOML has none
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text at byte {error.start}; TOML is UTF-8") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    return parse_config(text, name=str(path), folder=path.parent, overrides=overrides)


def parse_config(text: str, *, name: str, folder: Path, overrides: Sequence[Override] = ()) -> NodeConfig:
    """Read TOML text. `name` stands in errors, paths in it are relative to `folder`. Raises: ConfigError."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problem, line, column = _syntax_error(str(error), text)
        raise ConfigError(f"{name}:{line}: not TOML: {problem} (column {column})") from None
    except RecursionError:
        raise ConfigError(f"{name}: lists or tables are nested too deeply") from None
    except ValueError as error:  # of a number with more digits than Python reads
        raise ConfigError(f"{name}: not TOML: {error}") from None
    for key, value in leaves(values):
        if too_large(value):
            raise Source(name, text).error(key_text(key), "an integer of TOML has at most 64 bits")
    overrides = named_network(values, overrides)
    values, left_out = joined(values, overrides, name)
    source = Source(name, text, tuple(overrides), left_out)
    top = TomlTable(source, values)
    config = NodeConfig(
        name=_name(top, "name", '"alice"', wrong_name),
        network=read_network(top, folder, wrong_network),
        source=source,
        folder=folder,
        identity=_identity(top, folder),
        book=_book(top, folder),
        listen=listen_at(top),
        advertise=advertised_at(top),
        offers=_offers(top),
        reactors=_reactors(top),
        processes=read_processes(top),
        channels=read_channels(top),
        discovery=_discovery(top.table("discovery")),
        pex=read_pex(top.table("pex", "pex.enabled = false")),
        peers=read_peers(top.table("peers")),
        permissions=read_permissions(top.table("permissions")),
        rates=read_rates(top),
        transports=read_transports(top.table("transports"), folder),
        log=_log(top.table("log")),
        limits=read_limits(top.table("limits")),
        admin=read_admin(top.table("admin", "admin.enabled = false"), folder),
        tracing=read_tracing(top.table("tracing")),
        values=values,
    )
    top.finish()
    places = [(f"listen[{index}]", str(place)) for index, place in enumerate(config.listen)]
    places += [(f"{each.key}.listen", each.listen) for each in config.processes if each.listen]
    if config.admin.enabled and config.admin.at is not None:
        places.append(("admin.at", config.admin.at))
    if wrong := taken_twice(places):
        raise source.error(*wrong)
    return config


def _syntax_error(text: str, document: str) -> tuple[str, int, int]:
    match = re.fullmatch(r"(?P<problem>.*) \(at line (?P<line>\d+), column (?P<column>\d+)\)", text, re.DOTALL)
    if match:
        line = int(match["line"])
        return _said_twice(match["problem"], document, line) or match["problem"], line, int(match["column"])
    lines = document.splitlines() or [""]
    return text.removesuffix(" (at end of document)"), len(lines), len(lines[-1]) + 1


def _said_twice(problem: str, document: str, line: int) -> str:
    """What stands there a second time, which the parser does not say, and what to do; "" for another problem."""
    found = re.match(r"\s*(?P<table>\[\[?)?\s*(?P<key>[\w.-]+)", document.splitlines()[line - 1])
    if found is None or not problem.startswith("Cannot"):
        return ""
    key = found["key"]
    if not found["table"]:
        return f"{key} stands there twice"
    top = key.partition(".")[0]
    before = "\n".join(document.splitlines()[: line - 1])
    if not re.search(rf"^\s*{re.escape(top)}\s*=", before, re.MULTILINE):
        return f"the table [{key}] stands there twice"
    cure = 'take that out, and write name = "…" in the table' if key == "network" else "take out one of them"
    return f"{top} has a value above, and is a table here: {cure}"


def _name(table: TomlTable, key: str, example: str, wrong: Callable[[str], str]) -> str:
    value = table.text(key, example)
    if problem := wrong(value):
        raise table.error(key, problem)
    return value


def _identity(table: TomlTable, folder: Path) -> IdentitySource | None:
    if not table.has("identity"):
        return None
    example = '"keys/alice.pem"'
    try:
        source = IdentitySource.parse(table.text("identity", example))
    except ValueError as error:
        raise table.error("identity", str(error)) from None
    return replace(source, name=str(table.file_path("identity", example, folder))) if source.kind == "file" else source


def _book(table: TomlTable, folder: Path) -> Path | None:
    if not table.has("book"):
        return None
    path = table.file_path("book", '"alice.db"', folder)
    is_folder = stat.S_ISDIR(_mode(table, "book", path))
    if is_folder or not stat.S_ISDIR(_mode(table, "book", path.parent)):
        what = "is a folder" if is_folder else "cannot be made: its folder does not exist"
        raise table.error("book", f"{path} {what}; name a file in a folder that exists")
    return path


def _mode(table: TomlTable, key: str, path: Path) -> int:
    """What is at a path (stat(2), st_mode), 0 for nothing. `Path.exists` swallows other errors on some Pythons only."""
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return 0
    except OSError as error:  # a folder that is closed to us, a name too long, a circle of links
        raise table.error(key, f"{path} cannot be looked at: {error.strerror}") from error


def _offers(table: TomlTable) -> tuple[Capability, ...]:
    offers = table.each("offers", Capability.parse, '"archive" or "index{from=1000}"')
    roles = [offer.role for offer in offers]
    for index, role in enumerate(roles):
        if role in roles[:index]:
            raise table.error(f"offers[{index}]", f"role {role!r} is there twice; put its attributes in one entry")
    try:
        check_offers_fit(offers)
    except ConfigError as error:
        raise table.error("offers", str(error)) from error
    return offers


def _reactors(table: TomlTable) -> tuple[ReactorConfig, ...]:
    reactors = []
    for index, entry in enumerate(table.entries("reactors", _REACTOR_EXAMPLE)):
        args: dict[str, object] = {}
        pool: PoolConfig | None = None
        if isinstance(entry, TomlTable):
            key, path = f"reactors[{index}].path", entry.text("path", _REACTOR_EXAMPLE)
            args = entry.table("args").values()
            pool = read_pool(entry.table("pool")) if entry.has("pool") else None
            entry.finish()
        else:
            key, path = f"reactors[{index}]", entry
        if not IMPORT_PATH.fullmatch(path):
            raise table.error(key, f"{path!r} is not an import path; write {_REACTOR_EXAMPLE}")
        reactors.append(ReactorConfig(path, MappingProxyType(args), pool))
    return tuple(reactors)


def _discovery(table: TomlTable) -> DiscoveryConfig:
    mdns = table.flag("mdns", default=True, example='true, and beside it interfaces = ["eth0"]')
    interfaces = table.each("interfaces", interface_of, '"127.0.0.1"') if table.has("interfaces") else None
    if interfaces == ():
        raise table.error("interfaces", "is empty; leave the key out for all interfaces, or write mdns = false")
    finders = table.each("finders", str, '"dns://peers.example.org?type=A&port=7400"')
    for index, url in enumerate(finders):
        if url in finders[:index]:
            raise table.error(f"finders[{index}]", f"{url} is there twice")
        try:
            make_finders([url])
        except ConfigError as error:
            raise table.error(f"finders[{index}]", str(error)) from error
    table.finish()
    return DiscoveryConfig(mdns=mdns, interfaces=interfaces, finders=finders)


def _log(table: TomlTable) -> LogConfig:
    config = LogConfig(level=table.choice("level", LEVELS, "info"), format=table.choice("format", FORMATS, "console"))
    table.finish()
    return config
