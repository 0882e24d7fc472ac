"""Methods of compression by name, and what is said where one has to be installed."""

from __future__ import annotations

from typing import Any, cast

import pytest

from peerbus.actors.base import ConfigError
from peerbus.actors.messages import Channel, KnownChannels, Message, compression_words
from peerbus.actors.messages.compression_words import COMPRESSIONS, missing


class Note(Message):
    number: int


def test_a_channel_names_one_of_them_or_none_and_keeps_it_when_it_is_tuned() -> None:
    for word in (None, *COMPRESSIONS):
        channel = Channel("c", messages=(Note,), compress=word)
        assert channel.compress == channel.tuned(priority=3).compress == word
        assert channel.tuned(compress=None).compress is None
    with pytest.raises(ValueError, match="compress is 'gzip'; write 'zlib' or 'zstd', or None"):
        Channel("c", messages=(Note,), compress=cast("Any", "gzip"))


def test_where_a_method_is_missing_the_channel_is_refused_and_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert [missing(word) for word in (None, "zlib", "zstd")] == [None] * 3
    monkeypatch.setattr(compression_words, "_found", lambda: False)
    assert missing("zlib") is None
    channel = Channel("c", messages=(Note,), compress="zstd")
    with pytest.raises(ConfigError, match=r"channel 'c': .*pip install \"peerbus\[zstd\]\""):
        KnownChannels().declare(channel)
    KnownChannels({"c": {"compress": None}}).declare(channel)  # whoever runs the node may do without
