"""`[tracing]`: whether a node's messages are traced."""

from __future__ import annotations

import pytest

from peerbus.actors.base.errors import ConfigError
from peerbus.node.config.table import Source, TomlTable
from peerbus.node.config.tracing import TracingConfig, read_tracing


def read(**values: object) -> TracingConfig:
    return read_tracing(TomlTable(Source("alice.toml", ""), values, "tracing"))


def test_without_the_table_nothing_is_traced() -> None:
    assert read() == TracingConfig(enabled=False)


def test_it_says_whether_traces_of_peers_go_on_and_how_many() -> None:
    assert read(enabled=True, follow=False, recorded=7) == TracingConfig(enabled=True, follow=False, recorded=7)


@pytest.mark.parametrize("values", [{"recorded": -1}, {"follow": "yes"}, {"enabled": 1}, {"folow": True}])
def test_what_is_not_right_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"tracing\."):
        read(**values)
