"""`[processes]`: which reactors run in processes of their own, by the names of these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ...actors.messages import REACTOR_PATTERN
from ...transports.kinds import check_endpoint
from ...transports.streams import Endpoint
from ..workers import wrong_place
from .channels import IMPORT_PATH
from .table import TomlTable

__all__ = ["ProcessConfig", "ProcessReactor", "read_processes"]

_REACTOR_EXAMPLE = '"package.module:Class"'
#: Seconds for which a handler may hold its loop, where nothing is said.
_UNRESPONSIVE = 60.0


@dataclass(frozen=True, slots=True)
class ProcessReactor:
    """One reactor of a process, as `key` of the file has it: `path` is `module:Class`, `args` what it is made with."""

    key: str
    path: str
    args: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class ProcessConfig:
    """One process: see `Worker`."""

    key: str
    name: str
    reactors: tuple[ProcessReactor, ...]
    unresponsive: float = _UNRESPONSIVE
    listen: str = ""
    worker_id: str = ""


def read_processes(top: TomlTable) -> tuple[ProcessConfig, ...]:
    """Read `[processes]` with `NAME = ["module:Class"]`, or tables `[processes.NAME]`. Raises: ConfigError."""
    processes = top.table("processes")
    found = tuple(_process(processes, name) for name in processes.names())
    processes.finish()
    return found


def _process(processes: TomlTable, name: str) -> ProcessConfig:
    if not REACTOR_PATTERN.fullmatch(name):
        raise processes.error(name, "is no name of a process: lower-case letters, digits, '.', '_', '-'; at most 63")
    key = processes.key(name)
    if not processes.is_table(name):
        return ProcessConfig(key, name, _reactors(processes, name, key))
    table = processes.table(name)
    unresponsive = table.seconds("unresponsive", _UNRESPONSIVE, high=float("inf"))
    listen = table.text("listen", '"unix:///shared/w.sock" or "tcp://0.0.0.0:7450"', "")
    worker_id = table.text("worker_id", '"<id of the worker\'s key>"', "")
    if wrong := wrong_place(listen, worker_id):
        raise table.error(*wrong)
    if listen:
        try:
            check_endpoint(Endpoint.parse(listen), listens=True)
        except ValueError as error:
            raise table.error("listen", f"{listen}: {error}") from None
    reactors = _reactors(table, "reactors", f"{key}.reactors")
    config = ProcessConfig(key, name, reactors, unresponsive, listen, worker_id)
    table.finish()
    return config


def _reactors(table: TomlTable, name: str, key: str) -> tuple[ProcessReactor, ...]:
    found = []
    for index, entry in enumerate(table.entries(name, _REACTOR_EXAMPLE)):
        args: dict[str, object] = {}
        if isinstance(entry, TomlTable):
            place, path = f"{key}[{index}].path", entry.text("path", _REACTOR_EXAMPLE)
            args = entry.table("args").values()
            entry.finish()
        else:
            place, path = f"{key}[{index}]", entry
        if not IMPORT_PATH.fullmatch(path):
            raise table.source.error(place, f"{path!r} is not an import path; write {_REACTOR_EXAMPLE}")
        found.append(ProcessReactor(place, path, MappingProxyType(args)))
    if not found:
        raise table.source.error(key, f"runs no reactor; write [{_REACTOR_EXAMPLE}]")
    return tuple(found)
