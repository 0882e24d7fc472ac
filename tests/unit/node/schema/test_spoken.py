"""What a node speaks is told without starting it: of a configuration, a node, a function that makes one, a reactor."""

from __future__ import annotations

from pathlib import Path

import pytest
from described import Archive, Desk

from peerbus.actors.base import ConfigError
from peerbus.node.schema.spoken import ServedChannel, spoken_by

CONFIG = """
name = "store"
network = "blocks"
identity = "none.pem"
listen = ["tcp://127.0.0.1:7411"]
offers = ["archive"]
reactors = [{path = "described:Archive", pool = {members = 3}}]

[channels.archive]
window = 8

[channels.desk]
path = "described:Desk"

[[peers.require]]
role = "archive"
at_least = 2
"""


def test_a_configuration_without_its_key(tmp_path: Path) -> None:
    (tmp_path / "store.toml").write_text(CONFIG)
    found = spoken_by(str(tmp_path / "store.toml"))
    assert (found.name, found.network, found.offers) == ("store", "blocks", ("archive",))
    assert [(each.channel.name, each.channel.window, each.actor, each.members) for each in found.served] == [
        ("archive", 8, Archive, 3)
    ]
    assert [each.name for each in found.talks_to] == ["desk"]
    assert list(map(str, found.requires)) == ["at least 2 with archive"]


def test_a_function_that_makes_a_node() -> None:
    found = spoken_by("described:archive_node")
    assert (found.name, found.network) == ("store", "blocks")
    assert found.listen == ("tcp://127.0.0.1:7411", "tcp://127.0.0.1:0")
    assert [(each.channel.name, each.members, each.process) for each in found.served] == [
        ("archive", 3, None),
        ("notes", 1, None),
        ("hash", 1, "cruncher"),
    ]
    assert found.served[0].channel.window == 32
    assert found.talks_to == ()
    desk = spoken_by("described:desk_node")
    assert [each.name for each in desk.talks_to] == ["archive"]
    assert desk.unknown == ("desk_node.<locals>.plain",)


def test_a_reactor_and_a_channel_are_nodes_of_their_own() -> None:
    assert spoken_by("described:Desk").served == (ServedChannel(Desk.channel, Desk),)
    assert spoken_by("described:Desk.channel").served == (ServedChannel(Desk.channel, None),)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("described", r"write module:Name, or name a configuration"),
        ("described:Item", r"makes no node: TypeError"),
        ("described:__all__", "is of type list; name a Node"),
        ("described:Reactor", "declares no channel"),
        ("getpass:getuser", "returns str; name a Node"),
        ("none.toml", "there is no such file"),
    ],
)
def test_what_is_no_node_says_what_would_be(source: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        spoken_by(source)
