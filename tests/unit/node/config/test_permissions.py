"""The table `[permissions]`: who may what, and what of it speaks of nothing that is known."""

from __future__ import annotations

import tomllib

import pytest

from peerbus.actors.base.errors import ConfigError
from peerbus.node.config.permissions import notes_on_permissions, read_permissions
from peerbus.node.config.table import Source, TomlTable
from peerbus.transports.rules import Allow, Permissions

ANN = "a" * 64


def read(text: str) -> Permissions:
    return read_permissions(TomlTable(Source("alice.toml", text), tomllib.loads(text), "").table("permissions"))


def test_without_a_table_everybody_may_do_everything() -> None:
    assert read("") == read("[permissions]\n") == Permissions()


def test_what_is_written_is_what_may_be_written_in_code() -> None:
    assert read(f"""
[permissions]
tell = []
offer = ["role:any"]

[permissions.channels."my.blocks"]
ask = ["{ANN}", "zone=eu"]

[permissions.roles]
archive = ["role:archive"]
index = []
""") == Permissions(
        tell=[],
        offer=["role:any"],
        channels={"my.blocks": Allow(ask=[ANN, "zone=eu"])},
        roles={"archive": ["role:archive"], "index": []},
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('tell = ["bob"]', r"alice\.toml:2: permissions\.tell\[0\]: 'bob' stands for nobody; write "),
        ('tell = ["zone=*"]', r"permissions\.tell\[0\]: 'zone=\*': the value of an attribute is written out"),
        ("ask = 7", r"alice\.toml:2: permissions\.ask: 7 is not a list"),
        ("asks = []", r"permissions\.asks: unknown key; did you mean 'ask'\?"),
        ("channels.Blocks.ask = []", r"permissions\.channels\.Blocks: is no name of a channel"),
        ("channels.blocks.offer = []", r"permissions\.channels\.blocks\.offer: unknown key; known here: ask, tell"),
        ("channels.blocks = []", r"permissions\.channels\.blocks: \[\] is not a table"),
        ('roles."an archive" = []', r'permissions\.roles\."an archive": not a role name'),
        ("roles.archive = true", r"permissions\.roles\.archive: true is not a list"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        read(f"[permissions]\n{text}\n")


def test_what_speaks_of_nothing_that_is_known_is_told_with_what_was_probably_meant() -> None:
    rules = Permissions(channels={"block": Allow(), "index": Allow()}, roles={"archiv": [], "index": []})
    assert notes_on_permissions(rules, ["blocks", "index"], ["archive", "archive"], certified=True) == [
        "permissions.channels: this node knows no channel 'block'; did you mean 'blocks'?",
        "permissions.roles: this node neither offers nor requires the role 'archiv'; did you mean 'archive'?",
        "permissions.roles: this node neither offers nor requires the role 'index'",
    ]
    assert (
        notes_on_permissions(Permissions(channels={"peerbus.pex": Allow()}), ["peerbus.pex"], [], certified=False) == []
    )


def test_what_only_certificates_say_stands_for_nobody_where_no_authority_is_there() -> None:
    rules = Permissions(tell=["role:writer", "ab" * 32], channels={"index": Allow(ask=["zone=eu", "*"])})
    assert notes_on_permissions(rules, ["index"], [], certified=True) == []
    assert notes_on_permissions(rules, ["index"], [], certified=False) == [
        "permissions: role:writer, zone=eu stands for nobody, as certificates say it and this network has no authority"
    ]
