"""`channels`: a list of paths, or a table for each."""

from __future__ import annotations

import tomllib
from math import inf

import pytest

from peerbus.actors import ChannelTuning, Overflow
from peerbus.actors.base.errors import ConfigError
from peerbus.node.config.channels import ChannelConfig, read_channels
from peerbus.node.config.table import Source, TomlTable


def read(text: str) -> tuple[ChannelConfig, ...]:
    return read_channels(TomlTable(Source("alice.toml", text), tomllib.loads(text)))


def test_a_list_names_channels_by_their_paths() -> None:
    first, second = read('channels = ["index:INDEX", "blocks:Blocks"]')
    assert first == ChannelConfig("channels[0]", None, "index:INDEX")
    assert (second.key, second.settings()) == ("channels[1]", {})


def test_a_table_sets_what_a_channel_may_say() -> None:
    (channel,) = read("""
[channels."my.blocks"]
path = "blocks:Blocks"
priority = 200
mailbox = 10
mailbox_bytes = 1000
window = 5
window_bytes = 500
max_message = 100
max_elements = 1000
timeout = inf
overflow = "drop_oldest"
local = true
compress = "zstd"
""")
    assert (channel.key, channel.name, channel.path) == ('channels."my.blocks"', "my.blocks", "blocks:Blocks")
    tuning = channel.settings()
    assert set(tuning) | {"rate"} == set(ChannelTuning.__annotations__)
    assert (tuning["overflow"], tuning["timeout"], tuning["window"]) == (Overflow.DROP_OLDEST, inf, 5)
    assert tuning["local"]
    assert tuning["compress"] == "zstd"
    assert read('[channels.blocks]\ncompress = "none"')[0].settings() == {"compress": None}


def test_without_channels_nothing_is_set() -> None:
    assert read("") == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "[channels.blocks]\nwindow = 0",
            r"alice\.toml:2: channels\.blocks\.window: 0 is out of range; write an integer",
        ),
        (
            "[channels.blocks]\nwindw = 5",
            r"alice\.toml:2: channels\.blocks\.windw: unknown key; did you mean 'window'\?",
        ),
        (
            "[channels.blocks]\noverflow = 'drop'",
            r"overflow: 'drop' is not one of wait, reject, drop_oldest, drop_newest",
        ),
        (
            "[channels.blocks]\ntimeout = 0",
            r"timeout: 0\.0 is out of range; write seconds above 0, or inf for no limit",
        ),
        ("[channels.blocks]\ncompress = 'gzip'", r"compress: 'gzip' is not one of zlib, zstd, none"),
        ("[channels.blocks]\npath = 'blocks'", r"channels\.blocks\.path: 'blocks' is not an import path"),
        ("[channels.Blocks]\nwindow = 5", r"alice\.toml:1: channels\.Blocks: is no name of a channel: lower-case"),
        ('[channels."a b"]\nwindow = 5', r'alice\.toml:1: channels\."a b": is no name of a channel'),
        ("[channels]\nwindow = 5", r"channels\.window: 5 is not a table; for example \[channels\.window\]"),
        ("channels = ['blocks']", r"channels\[0\]: 'blocks' is not an import path"),
    ],
)
def test_what_cannot_be_is_refused_with_its_line(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        read(text)
