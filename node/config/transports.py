"""The tables `[transports.<scheme>]` of a configuration: what the carriers of a node are told, beside its endpoints."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ...actors.base import ConfigError
from ...transports.kinds import read_settings
from .table import TomlTable

__all__ = ["read_transports"]


def read_transports(table: TomlTable, folder: Path) -> Mapping[str, object]:
    """What was read of each, by scheme; paths are relative to `folder`. Raises ConfigError."""
    found: dict[str, object] = {}
    for scheme in table.names():
        settings = table.table(scheme)
        try:
            found[scheme] = read_settings(scheme, settings.values(), folder)
        except ConfigError as error:
            raise settings.wrong(str(error)) from None
    table.finish()
    return found
