"""The table `[tracing]` of a configuration: whether what the node sends and handles is traced."""

from __future__ import annotations

from dataclasses import dataclass

from .table import TomlTable

__all__ = ["TracingConfig", "read_tracing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TracingConfig:
    """`follow`: traces that peers have begun go on here; `recorded`: messages of them a second, at most."""

    enabled: bool = False
    follow: bool = True
    recorded: int = 1_000


def read_tracing(table: TomlTable) -> TracingConfig:
    """Read the table to its end. Raises: ConfigError."""
    config = TracingConfig(
        enabled=table.flag("enabled", default=False),
        follow=table.flag("follow", default=True),
        recorded=table.integer("recorded", 1_000, low=0, high=1_000_000),
    )
    table.finish()
    return config
