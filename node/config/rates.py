"""The table `[rates]` of a configuration, and `[channels.NAME.rate]`: how much each peer may send."""

from __future__ import annotations

from typing import Any

from ...actors.messages import Rate
from ...transports.rules import PeerRates
from .table import TomlTable

__all__ = ["read_channel_rate", "read_rates"]

#: More than a node of one process can take: of messages, and of bytes, a second.
MOST_MESSAGES, MOST_BYTES = 1e9, 1e12
#: At once.
MOST_BURST = 1 << 40


def read_rates(top: TomlTable) -> PeerRates:
    """Read `[rates]`, and what is set of each channel. Raises: ConfigError."""
    channels: dict[str, Rate] = {}
    if top.is_table("channels"):
        table = top.table("channels")
        for name in table.names():
            found = read_channel_rate(table.table(name))
            if found is not None:
                channels[name] = found
    return PeerRates(_rate(top.table("rates")) if top.has("rates") else None, channels)


def read_channel_rate(channel: TomlTable) -> Rate | None:
    """That of one channel; None where its table says none. Raises: ConfigError."""
    return _rate(channel.table("rate")) if channel.has("rate") else None


def _rate(table: TomlTable) -> Rate:
    found: dict[str, Any] = {}
    for name, most in (("messages", MOST_MESSAGES), ("bytes", MOST_BYTES)):
        if table.has(name):
            found[name] = table.number(name, 1000.0, low=0.001, high=most)
    for name in ("messages_burst", "bytes_burst", "asks"):
        if table.has(name):
            found[name] = table.integer(name, 100, low=1, high=MOST_BURST)
    table.finish()
    try:
        return Rate(**found)
    except ValueError as error:
        raise table.wrong(str(error)) from None
