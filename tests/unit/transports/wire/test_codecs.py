"""A node's codecs are made when they are needed, once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from peerbus.actors import Channel
from peerbus.transports.wire.codecs import Codecs


@dataclass(frozen=True)
class Get:
    number: int


def test_a_codec_is_made_once_also_for_a_channel_that_is_declared_later() -> None:
    channels: dict[str, Channel[Any]] = {}
    codecs = Codecs(channels)
    assert codecs.get("store") is codecs.make("store") is None
    channels["store"] = Channel("store", messages=(Get,))
    made = codecs.get("store")
    assert made is not None
    assert made.channel is channels["store"]
    assert codecs.make("store") is made
