"""`[limits]`: times and rates."""

from __future__ import annotations

import pytest

from peerbus.actors.base.errors import ConfigError
from peerbus.node.config.limits import LimitsConfig, read_limits
from peerbus.node.config.table import Source, TomlTable


def read(**values: object) -> LimitsConfig:
    return read_limits(TomlTable(Source("alice.toml", ""), values, "limits"))


def test_each_limit_is_read() -> None:
    limits = read(
        shutdown_timeout=3, slow_handler=0.25, arrivals_per_address=7, peer_memory=1 << 25, blocking_threads=3
    )
    assert limits == LimitsConfig(
        shutdown_timeout=3.0, slow_handler=0.25, arrivals_per_address=7, peer_memory=1 << 25, blocking_threads=3
    )


def test_without_the_table_the_defaults_hold() -> None:
    assert read() == LimitsConfig()


@pytest.mark.parametrize("value", [0, -1, 20_000])
def test_a_rate_out_of_range_is_refused(value: int) -> None:
    with pytest.raises(ConfigError, match=rf"limits\.arrivals_per_address: {value} is out of range; write an integer"):
        read(arrivals_per_address=value)
