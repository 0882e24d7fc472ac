"""The channels of a configuration: which ones a node knows without a reactor, and what is set of each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import cast

from ...actors.messages import COMPRESSIONS, REACTOR_PATTERN, ChannelTuning, Overflow
from .rates import read_channel_rate
from .table import TomlTable

__all__ = ["CHANNEL_EXAMPLE", "IMPORT_PATH", "ChannelConfig", "read_channels"]

#: `module:name`, both perhaps with dots.
IMPORT_PATH = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")
CHANNEL_EXAMPLE = '"package.module:CHANNEL"'
#: The word for no compression, whatever the channel says.
UNCOMPRESSED = "none"

#: The numbers by their names in `Channel`, with the largest that is taken, and an example.
_INTEGERS = {
    "priority": (255, 5),
    "mailbox": (1 << 20, 1024),
    "mailbox_bytes": (1 << 30, 16 << 20),
    "window": (1 << 20, 1024),
    "window_bytes": (1 << 30, 1 << 20),
    "max_message": (16 << 20, 4 << 20),
    "max_elements": (1 << 20, 64 << 10),
}


@dataclass(frozen=True, slots=True)
class ChannelConfig:
    """One channel, as `key` of the file has it.

    `name`: its name, None where only `path` says which it is. `path`: `module:CHANNEL` of one that no reactor of this
    node has; None: a reactor of this node has it. `tuning`: what is set of it.
    """

    key: str
    name: str | None
    path: str | None
    tuning: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))

    def settings(self) -> ChannelTuning:
        """What is set of it, as the bus takes it."""
        return cast("ChannelTuning", dict(self.tuning))


def read_channels(top: TomlTable) -> tuple[ChannelConfig, ...]:
    """Read `channels = ["module:CHANNEL"]`, or the tables `[channels.NAME]`. Raises: ConfigError."""
    if not top.is_table("channels"):
        paths = top.each("channels", _path, CHANNEL_EXAMPLE)
        return tuple(ChannelConfig(f"channels[{index}]", None, path) for index, path in enumerate(paths))
    channels = top.table("channels")
    return tuple(_channel(channels, name) for name in channels.names())


def _channel(channels: TomlTable, name: str) -> ChannelConfig:
    if not REACTOR_PATTERN.fullmatch(name):
        raise channels.error(name, "is no name of a channel: lower-case letters, digits, '.', '_', '-'; at most 63")
    table = channels.table(name)
    path = None
    if table.has("path"):
        path = table.text("path", CHANNEL_EXAMPLE)
        if not IMPORT_PATH.fullmatch(path):
            raise table.error("path", f"{path!r} is not an import path; write {CHANNEL_EXAMPLE}")
    tuning: dict[str, object] = {}
    for key, (high, example) in _INTEGERS.items():
        if table.has(key):
            tuning[key] = table.integer(key, example, low=1, high=high)
    if table.has("timeout"):
        tuning["timeout"] = table.seconds("timeout", 5.0, high=float("inf"))
    if table.has("overflow"):
        tuning["overflow"] = Overflow(table.choice("overflow", [each.value for each in Overflow], "wait"))
    if table.has("local"):
        tuning["local"] = table.flag("local", default=False)
    if table.has("compress"):
        word = table.choice("compress", [*COMPRESSIONS, UNCOMPRESSED], "zlib")
        tuning["compress"] = None if word == UNCOMPRESSED else word
    read_channel_rate(table)  # it is no tuning: it is changed while the node runs, see `config_rates`
    table.finish()
    return ChannelConfig(channels.key(name), name, path, MappingProxyType(tuning))


def _path(text: str) -> str:
    if not IMPORT_PATH.fullmatch(text):
        raise ValueError(f"{text!r} is not an import path")
    return text
