"""The table `[pex]` of a configuration: peer exchange."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...actors.base import ConfigError
from ...discovery.pex import PexOptions
from .limits import MAX_WAIT
from .table import TomlTable

__all__ = ["PexConfig", "read_pex"]

#: Records of nodes that a node may remember: 20 MiB of them.
MAX_RECORDS = 10_000

_DEFAULTS = PexOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class PexConfig:
    """Peer exchange. `private`: peers are to tell nobody of this node."""

    enabled: bool = True
    private: bool = False
    options: PexOptions = field(default_factory=PexOptions)


def read_pex(table: TomlTable) -> PexConfig:
    """Read the table to its end. Raises: ConfigError."""
    enabled = table.flag("enabled", default=True)
    seed = table.flag("seed", default=False)
    if seed and not enabled:
        raise table.error("seed", "a seed answers in peer exchange; remove enabled = false")
    private = table.flag("private", default=False)
    times = {
        name: table.seconds(name, getattr(_DEFAULTS, name), high=MAX_WAIT)
        for name in ("min_interval", "max_interval", "full_interval", "answer_within")
    }
    records = table.integer("max_records", _DEFAULTS.max_records, low=1, high=MAX_RECORDS)
    table.finish()
    try:
        return PexConfig(enabled=enabled, private=private, options=PexOptions(seed=seed, max_records=records, **times))
    except ConfigError as error:
        raise table.wrong(str(error)) from error
