"""The table `[admin]` of a configuration: where a running node can be looked at and steered, and by whom."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .table import TomlTable, path_in

__all__ = ["AdminConfig", "read_admin"]

_SOCKET = '"unix:///run/alice.sock" or "http://127.0.0.1:7401"'


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminConfig:
    """`at`: a place, None for a Unix socket of the node's name. `write` None: on a Unix socket only.

    `token`: the file of the bearer token that is asked for over TCP. `certificate` and `key`: for https.
    """

    enabled: bool = True
    at: str | None = None
    write: bool | None = None
    token: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


def read_admin(table: TomlTable, folder: Path) -> AdminConfig:
    """Read the table to its end; paths are relative to `folder`. Raises: ConfigError."""
    at = table.text("at", _SOCKET) if table.has("at") else None
    if at is not None and not at.removeprefix("unix://"):
        raise table.error("at", f"{at!r} is no place; write {_SOCKET}")
    if at is not None and ("://" not in at or at.startswith("unix://")):
        try:
            at = str(path_in(folder, at.removeprefix("unix://")))
        except ValueError as error:
            raise table.error("at", f"{error}; for example {_SOCKET}") from None
    config = AdminConfig(
        enabled=table.flag("enabled", default=True),
        at=at,
        write=table.flag("write", default=False) if table.has("write") else None,
        token=table.file_path("token", '"admin.token"', folder) if table.has("token") else None,
        certificate=table.file_path("certificate", '"admin.crt"', folder) if table.has("certificate") else None,
        key=table.file_path("key", '"admin.key"', folder) if table.has("key") else None,
    )
    table.finish()
    return config
