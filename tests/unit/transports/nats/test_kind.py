"""A node's transport over NATS is made of what the operator has written."""

from __future__ import annotations

from pathlib import Path

import pytest

from peerbus.actors.base import ConfigError
from peerbus.transports.kinds import make_transports, read_endpoint, read_settings
from peerbus.transports.nats import KIND, NatsTransport
from peerbus.transports.streams import Identity, TransportOptions

OPTIONS = TransportOptions(identity=Identity.from_seed(b"a" * 32))


def test_servers_are_those_of_the_settings_or_else_of_the_endpoints(tmp_path: Path) -> None:
    endpoints = [read_endpoint("nats://one:4222/lan"), read_endpoint("nats://two:4222/lan/inbox-01")]
    *_, made = make_transports(endpoints, OPTIONS)
    assert isinstance(made, NatsTransport)
    assert [str(server) for server in made.servers] == ["one:4222", "two:4222"]
    settings = {"nats": read_settings("nats", {"servers": ["three"]}, tmp_path)}
    *_, made = make_transports(endpoints, OPTIONS, settings)
    assert isinstance(made, NatsTransport)
    assert [str(server) for server in made.servers] == ["three:4222"]


def test_without_a_server_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no server is named"):
        KIND.make(OPTIONS)
    with pytest.raises(ConfigError, match="nothing to be set of tcp"):
        read_settings("tcp", {}, tmp_path)
