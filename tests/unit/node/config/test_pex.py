"""`[pex]`: all that peer exchange keeps can be set."""

from __future__ import annotations

from dataclasses import fields

import pytest

from peerbus.actors.base.errors import ConfigError
from peerbus.discovery.pex import PexOptions
from peerbus.node.config.pex import PexConfig, read_pex
from peerbus.node.config.table import Source, TomlTable

ALL = {
    "enabled": True,
    "private": True,
    "seed": True,
    "min_interval": 3,
    "max_interval": 30,
    "full_interval": 400,
    "answer_within": 2.5,
    "max_records": 50,
}


def read(**values: object) -> PexConfig:
    return read_pex(TomlTable(Source("alice.toml", ""), values, "pex"))


def test_without_the_table_the_defaults_hold() -> None:
    assert read() == PexConfig()


def test_each_option_of_peer_exchange_can_be_set() -> None:
    options, default = read(**ALL).options, PexOptions()
    same = [field.name for field in fields(options) if getattr(options, field.name) == getattr(default, field.name)]
    assert same == []


def test_times_that_contradict_each_other_are_refused_with_the_table() -> None:
    with pytest.raises(ConfigError, match=r"alice\.toml: pex: intervals of peer exchange must be 2 <= min <= max"):
        read(min_interval=30, max_interval=3)


def test_a_seed_without_peer_exchange_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"pex\.seed: a seed answers in peer exchange"):
        read(seed=True, enabled=False)
