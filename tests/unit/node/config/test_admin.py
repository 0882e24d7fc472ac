"""What a configuration says of the admin API, and what it is where it says nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from peerbus.actors import ConfigError
from peerbus.node.config.admin import AdminConfig
from peerbus.node.config.config import parse_config

LEAST = 'name = "alice"\nnetwork = "demo"\n'


def parse(text: str) -> AdminConfig:
    return parse_config(LEAST + text, name="alice.toml", folder=Path("/srv")).admin


def test_where_nothing_is_said_it_is_there_at_a_place_of_its_own() -> None:
    assert parse("") == AdminConfig(enabled=True, at=None, write=None)


def test_paths_are_relative_to_the_file_and_urls_are_as_they_are() -> None:
    assert parse('[admin]\nat = "a.sock"\n').at == "/srv/a.sock"
    assert parse('[admin]\nat = "unix:///run/a.sock"\n').at == "/run/a.sock"
    tcp = parse('[admin]\nat = "http://127.0.0.1:7401"\ntoken = "t"\nwrite = true\n')
    assert (tcp.at, tcp.token, tcp.write) == ("http://127.0.0.1:7401", Path("/srv/t"), True)
    assert not parse("[admin]\nenabled = false\n").enabled


@pytest.mark.parametrize("text", ['at = ""', "at = 7", 'write = "yes"', "more = 1", 'at = "unix://"'])
def test_what_is_wrong_is_said_with_its_line(text: str) -> None:
    with pytest.raises(ConfigError, match=r"alice.toml:4: admin"):
        parse(f"[admin]\n{text}\n")
