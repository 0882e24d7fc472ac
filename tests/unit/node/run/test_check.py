"""What `--check` says: what a configuration comes to, where each value is from, and no secret."""

from __future__ import annotations

from pathlib import Path

import pytest
from brought import package

from peerbus.actors import Channel, Message
from peerbus.actors.base.errors import ConfigError
from peerbus.node.config.config import NodeConfig, parse_config
from peerbus.node.config.overrides import from_environment, from_words
from peerbus.node.run.check import check_report, ignored_variables


class Note(Message):
    text: str


TEXT = """\
name = "alice"
network = "demo"
offers = ["archive"]
[[reactors]]
path = "blocks:Blocks"
args = { password = "hunter2", more = { token = "hunter2" } }
[channels.notes]
window = 64
[peers.scores]
"""
NOTES = Channel("notes", messages=(Note,)).tuned(window=64)


def config(environment: dict[str, str] | None = None, *words: str) -> NodeConfig:
    overrides = [*from_environment(environment or {}), *from_words(words)]
    return parse_config(TEXT, name="alice.toml", folder=Path(), overrides=overrides)


def report(environment: dict[str, str] | None = None, *words: str) -> list[str]:
    return check_report(config(environment, *words), None, [NOTES]).splitlines()


def test_each_value_that_is_set_is_shown_with_where_it_stands() -> None:
    lines = report({"PEERBUS_PEERS__HEARTBEAT": "2"}, "discovery.mdns=false", "channels.notes.mailbox=9")
    for line in (
        '  name = "alice"  (alice.toml:1)',
        '  offers = ["archive"]  (alice.toml:3)',
        '  reactors[0].path = "blocks:Blocks"  (alice.toml:5)',
        "  channels.notes.window = 64  (alice.toml:8)",
        "  channels.notes.mailbox = 9  (--set)",
        "  peers.heartbeat = 2  (PEERBUS_PEERS__HEARTBEAT)",
        "  discovery.mdns = false  (--set)",
    ):
        assert line in lines


def test_carriers_and_finders_are_listed_and_what_others_lack() -> None:
    lines = report()
    assert lines.index("  carrier tcp") > lines.index("carriers and finders:")
    assert "  carrier unix" in lines
    assert "  finder folder" in lines
    assert all("pip install peerbus[" in line for line in lines if "not installed" in line)


def test_of_two_packages_that_bring_one_scheme_it_says_that_neither_is_taken(tmp_path: Path) -> None:
    for name in ("hare", "hedgehog"):
        (tmp_path / name).mkdir()
    with (
        package(tmp_path / "hare", "hare", "", {"peerbus.transports": {"race": "hare:KIND"}}),
        package(tmp_path / "hedgehog", "hedgehog", "", {"peerbus.transports": {"race": "hedgehog:KIND"}}),
    ):
        assert "  carrier race (of hare, hedgehog): none of them is taken, keep one" in report()


def test_what_a_channel_comes_to_is_shown_with_what_the_code_says() -> None:
    assert any(line.startswith("  notes: priority 5, window 64 (1048576 bytes), mailbox 1024") for line in report())


def test_what_is_compressed_is_shown() -> None:
    assert any("compress none" in line for line in report())
    tuned = NOTES.tuned(compress="zstd")
    assert "compress zstd" in check_report(config({}), None, [tuned])


def test_arguments_of_reactors_are_named_and_not_shown() -> None:
    words = 'reactors=[{ path = "a:B", args = { key = "hunter3" } }]'
    text = "\n".join(report() + report({}, words))
    assert "reactors[0].args.password = …  (alice.toml:6)" in text
    assert "reactors[0].args.more.token = …  (alice.toml:6)" in text
    assert "reactors[0].args.key = …" in text
    assert "hunter" not in text


def test_of_variables_that_are_ignored_the_names_are_shown_and_what_was_meant() -> None:
    environment = {
        "PEERBUS_PORT": "tcp://10.0.0.1:1",
        "PEERBUS_TOKEN": "hunter2",
        "PEERBUS_PEERS__MAX_CONECTED": "9",
        "PEERBUS_KEY": "hunter2",
        "PEERBUS_IDENTITY": "env:PEERBUS_KEY",
    }
    lines = report(environment)
    assert "  PEERBUS_PORT (as containers are told of a service)" in lines
    assert "  PEERBUS_TOKEN" in lines
    assert "  PEERBUS_PEERS__MAX_CONECTED; did you mean PEERBUS_PEERS__MAX_CONNECTED?" in lines
    assert "hunter2" not in "\n".join(lines)
    assert ignored_variables(config(environment)) == ["PEERBUS_PEERS__MAX_CONECTED", "PEERBUS_TOKEN"]


def test_a_key_that_stands_where_its_place_belongs_is_not_shown() -> None:
    with pytest.raises(ConfigError) as caught:
        config({"PEERBUS_IDENTITY": "-----BEGIN PRIVATE KEY-----\nhunter2"})
    assert "PEERBUS_IDENTITY: identity: this is the key itself" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_what_surprises_is_noted() -> None:
    small = NOTES.tuned(mailbox_bytes=1)
    text = check_report(config(), None, [small])
    assert "notes:\n  channel 'notes': a message may have" in text


def test_a_long_value_is_cut() -> None:
    (line,) = [line for line in report({}, f'name="{"x" * 64}"') if line.startswith("  name")]
    assert line == f'  name = "{"x" * 58}…  (--set)'
