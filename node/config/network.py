"""The network of a configuration: `network = "demo"`, or the table `[network]` with the rules by which one comes in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..network import Network, WrongRule
from .overrides import Override
from .table import TomlTable, path_in

__all__ = ["named_network", "read_network"]


def named_network(values: dict[str, Any], overrides: Iterable[Override]) -> list[Override]:
    """What stands above the file, so that a name of the network takes no rule away: `network=demo` is `network.name`.

    Where the file has the name alone, and rules stand above it, the name becomes one of the table, in `values`.
    """
    found = list(overrides)
    rules_above = any(each.key[:1] == ("network",) and len(each.key) > 1 for each in found)
    if rules_above and isinstance(values.get("network"), str):
        values["network"] = {"name": values["network"]}
    if isinstance(values.get("network"), dict):
        return [replace(each, key=("network", "name")) if each.key == ("network",) else each for each in found]
    return found


def read_network(top: TomlTable, folder: Path, wrong: Callable[[str], str]) -> Network:
    """Read it; paths are relative to `folder`, `wrong` says what is wrong with a name. Raises: ConfigError."""
    if not top.is_table("network"):
        return Network(_name(top, "network", wrong))
    table = top.table("network")
    name = _name(table, "name", wrong)

    def path_of(key: str, example: str) -> Path | None:
        return table.file_path(key, example, folder) if table.has(key) else None

    def paths_of(key: str, example: str) -> tuple[Path, ...] | None:
        if not table.has(key):
            return None
        if table.is_text(key):
            return (table.file_path(key, example, folder),)
        found = table.each(key, lambda text: path_in(folder, text), example)
        if not found:
            raise table.error(key, f"is empty; name files, or leave {key} out")
        return found

    allow: tuple[str, ...] | Path | None = None
    if table.has("allow"):
        example = '["<node id>"] or "friends.txt"'
        is_file = table.is_text("allow")
        allow = table.file_path("allow", example, folder) if is_file else table.each("allow", str, example)
    rules = {
        "allow": allow,
        "network_key": paths_of("network_key", '"demo.key"'),
        "authority": path_of("authority", '"authority.pem"'),
        "certificate": path_of("certificate", '"alice.crt"'),
        "revoked": path_of("revoked", '"/var/lib/peerbus/demo.revoked"'),
    }
    table.finish()
    try:
        return Network(name, **rules)  # type: ignore[arg-type]  # each has what its name takes
    except WrongRule as error:
        raise table.error(error.key, error.text) from None


def _name(table: TomlTable, key: str, wrong: Callable[[str], str]) -> str:
    value = table.text(key, '"demo"')
    if problem := wrong(value):
        raise table.error(key, problem)
    return value
