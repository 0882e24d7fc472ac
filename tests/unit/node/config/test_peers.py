"""`[peers]`: all that the peer manager keeps can be set, and what contradicts itself is refused."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from peerbus.actors.base.errors import ConfigError
from peerbus.discovery.peer import PeerOptions
from peerbus.node.config.peers import PeersConfig, read_peers
from peerbus.node.config.table import Source, TomlTable

NODE_ID = "ab" * 32
ALL: dict[str, Any] = {
    "max_connected": 10,
    "max_connected_upgrade": 2,
    "max_outgoing": 5,
    "max_known": 99,
    "unconditional": [NODE_ID],
    "private": [NODE_ID],
    "banned": ["10.1.2.3/16", NODE_ID],
    "scores": {NODE_ID: -5},
    "require": [{"role": "archive", "at_least": 2}],
    "min_retry": 1,
    "max_retry": 60,
    "max_retry_persistent": 20,
    "retry_jitter": 0.25,
    "disconnect_cooldown": 0,
    "seed_cooldown": 30,
    "stable_after": 5,
    "score_half_life": 60,
    "ban_score": -50,
    "ban_time": 86_400,
    "upgrade_margin": 2,
    "upgrade_tenure": 60,
    "max_per_address": 3,
    "pin": False,
    "heartbeat": 2.5,
}


def read(**values: object) -> PeersConfig:
    return read_peers(TomlTable(Source("alice.toml", ""), values, "peers"))


def test_without_the_table_the_defaults_hold() -> None:
    assert read() == PeersConfig()


def test_each_option_of_the_peer_manager_can_be_set() -> None:
    peers, default = read(**ALL), PeerOptions()
    same = [
        field.name for field in fields(default) if getattr(peers.options, field.name) == getattr(default, field.name)
    ]
    assert same == ["peer_memory"]  # stands in [limits]
    assert peers.heartbeat == 2.5
    assert peers.options.scores == {NODE_ID: -5.0}
    assert peers.options.banned == {"10.1.0.0/16", NODE_ID}


def test_a_node_of_many_connections_knows_more_peers() -> None:
    assert read(max_connected=1000).options.max_known == 4004


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"min_retry": 5, "max_retry": 1}, r"alice\.toml: peers: retry times must be 0 < least <= most, got least=5"),
        ({"max_known": 3}, r"peers: max_known 3 needs"),
        ({"retry_jitter": 1}, r"peers: retry jitter must be at least 0 and below 1"),
        ({"ban_score": 5}, r"peers\.ban_score: 5\.0 is out of range; write a number from -1000 to 0"),
        ({"heartbeat": 0}, r"peers\.heartbeat: 0\.0 is out of range; write seconds above 0, at most 3600"),
        ({"stable_after": -1}, r"peers\.stable_after: -1\.0 is out of range; write seconds 0 or more, at most 3600"),
        ({"scores": {"bob": 3}}, r"peers\.scores\.bob: is no node id"),
        ({"scores": {NODE_ID: 3000}}, r"3000\.0 is out of range; write a number from -1000 to 1000"),
        ({"max_retri": 3}, r"peers\.max_retri: unknown key; did you mean 'max_retry'\?"),
    ],
)
def test_what_cannot_be_is_refused(values: dict[str, object], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        read(**values)
