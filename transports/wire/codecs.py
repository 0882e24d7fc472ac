"""The channels that one node knows, with their codecs: shared by its connections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...actors.messages import Channel, Unresolved
from .payload import ChannelCodec

__all__ = ["Codecs"]


class Codecs:
    """Codecs by channel name, made when a channel is first needed."""

    def __init__(self, channels: Mapping[str, Channel[Any]]) -> None:
        self._channels = channels
        self._codecs: dict[str, ChannelCodec] = {}

    def get(self, name: str) -> ChannelCodec | None:
        """The codec of a channel; None for one that this node does not know, or that cannot travel: see `make`."""
        try:
            return self.make(name)
        except (TypeError, Unresolved):
            return None

    def make(self, name: str) -> ChannelCodec | None:
        """The codec of a channel; None for one that this node does not know.

        Raises TypeError where its messages cannot travel, Unresolved where an annotation names what is not found (yet).
        """
        codec = self._codecs.get(name)
        if codec is None:
            channel = self._channels.get(name)
            if channel is None:
                return None
            codec = self._codecs[name] = ChannelCodec(channel)
        return codec
