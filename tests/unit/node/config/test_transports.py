"""The tables of carriers: read by whoever carries, and what is wrong is named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from peerbus.actors.base import ConfigError
from peerbus.node.config.config import NodeConfig, parse_config
from peerbus.transports.nats.settings import NatsSettings

LEAST = 'name = "alice"\nnetwork = "demo"\n'


def read(text: str, folder: Path) -> NodeConfig:
    return parse_config(LEAST + text, name="alice.toml", folder=folder)


def test_a_carrier_reads_its_own_table_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret")
    (tmp_path / "token").chmod(0o600)
    found = read('[transports.nats]\nservers = ["nats://broker"]\ntoken_file = "token"\n', tmp_path)
    settings = found.transports["nats"]
    assert isinstance(settings, NatsSettings)
    assert [str(server) for server in settings.servers] == ["broker:4222"]
    assert "s3cret" not in repr(found)
    assert read("", tmp_path).transports == {}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('[transports.nats]\nserver = "a"\n', r"alice.toml:3: transports.nats: server is no key"),
        ("[transports.tcp]\n", r"alice.toml:3: transports.tcp: there is nothing to be set of tcp"),
        ("[transports.pigeon]\n", r"alice.toml:3: transports.pigeon: .*pigeon"),
        ("[transports]\nnats = 1\n", r"alice.toml:4: transports.nats"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=why):
        read(text, tmp_path)
