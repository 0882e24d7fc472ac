"""The table `[rates]`, and that of a channel: how much each peer may send."""

from __future__ import annotations

import tomllib

import pytest

from peerbus.actors import Rate
from peerbus.actors.base.errors import ConfigError
from peerbus.node import PeerRates
from peerbus.node.config.rates import read_rates
from peerbus.node.config.table import Source, TomlTable


def read(text: str) -> PeerRates:
    return read_rates(TomlTable(Source("alice.toml", text), tomllib.loads(text)))


def test_what_is_written_is_what_may_be_written_in_code() -> None:
    assert read("") == read('channels = ["a:B"]') == PeerRates()
    assert read("""
[rates]
messages = 1000
messages_burst = 2000
bytes = 1e6
[channels.blocks]
window = 7
[channels.blocks.rate]
asks = 4
""") == PeerRates(Rate(messages=1000, messages_burst=2000, bytes=1e6), {"blocks": Rate(asks=4)})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[rates]\nmessages = 0", r"alice\.toml:2: rates\.messages: 0\.0 is out of range"),
        ("[rates]\nmessage = 5", r"rates\.message: unknown key; did you mean 'messages'\?"),
        ("[rates]\nbytes_burst = 5", r"alice\.toml:1: rates: bytes_burst needs a rate: write bytes as well"),
        ("[channels.blocks.rate]\nasks = true", r"channels\.blocks\.rate\.asks: true is not an integer"),
        ("[channels.blocks]\nrate = 5", r"channels\.blocks\.rate: 5 is not a table"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        read(text)
