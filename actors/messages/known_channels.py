"""The channels that a bus knows, by name, with what is set of them on this node, above what their reactors say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from ..base import ConfigError
from .channel import Channel, ChannelTuning
from .compression_words import missing
from .message import Message

__all__ = ["KnownChannels"]

M = TypeVar("M")


class _Any(Message):
    """Stands for the messages of a channel that is not known yet."""


class KnownChannels(dict[str, Channel[Any]]):
    """See the module. Raises ValueError and TypeError, as `Channel` does, for a name or a value that is not right."""

    __slots__ = ("_tuned", "tuning")

    def __init__(self, tuning: Mapping[str, ChannelTuning] | None = None) -> None:
        super().__init__()
        #: What is set, by the name of a channel.
        self.tuning: dict[str, ChannelTuning] = {} if tuning is None else dict(tuning)
        #: By name the channel that was asked for last, and what it is here: siblings and restarts get the same.
        self._tuned: dict[str, tuple[Channel[Any], Channel[Any]]] = {}
        for name, each in self.tuning.items():
            for key in each:
                if key not in ChannelTuning.__annotations__:
                    known = ", ".join(ChannelTuning.__annotations__)
                    raise TypeError(f"channel {name!r}: {key!r} is nothing that can be set; what can be: {known}")
            Channel(name, messages=(_Any,), **each)

    def tuned(self, channel: Channel[M]) -> Channel[M]:
        """The channel as it is on this node: itself, where nothing is set of it."""
        tuning = self.tuning.get(channel.name)
        if tuning is None:
            return channel
        before, tuned = self._tuned.get(channel.name, (None, channel))
        if before is not channel:
            tuned = channel.tuned(**tuning)
            self._tuned[channel.name] = (channel, tuned)
        return cast("Channel[M]", tuned)

    def declare(self, channel: Channel[Any]) -> None:
        """Know it.

        Raises ValueError where another channel of that name, with other messages, is known, and ConfigError where it
        compresses by a method that is not installed.
        """
        tuned = self.tuned(channel)
        lacks = missing(tuned.compress)
        if lacks is not None:
            raise ConfigError(f"channel {channel.name!r}: {lacks}")
        known = self.setdefault(channel.name, tuned)
        if known.messages != channel.messages:
            raise ValueError(f"two different channels are called {channel.name!r}: {known!r} and {channel!r}")
