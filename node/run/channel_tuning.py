"""What a configuration sets of channels, held against those that the node runs and those that it only talks to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...actors.base import did_you_mean
from ...actors.messages import Channel, ChannelTuning, Overflow
from ..config import ChannelConfig, NodeConfig

__all__ = ["channel_tuning", "notes_on_channels"]

#: What the side that sends decides, or both do; all else the node that runs the reactor grants, and tells its peers.
_SENDERS = frozenset({"compress", "timeout"})


def channel_tuning(
    config: NodeConfig, runs: Iterable[Channel[Any]], talks_to: Iterable[Channel[Any]]
) -> dict[str, ChannelTuning]:
    """What is set, by name. `runs`: channels of the node's reactors. Raises: ConfigError for what has no effect."""
    run, others = {channel.name for channel in runs}, {channel.name for channel in talks_to}
    found: dict[str, ChannelTuning] = {}
    for entry in config.channels:
        if entry.name is None:
            continue
        if entry.name not in run | others:
            raise config.source.error(entry.key, _unknown(entry.name, sorted(run | others)))
        if entry.name not in run:
            _check_senders(config, entry)
        found[entry.name] = entry.settings()
    return found


def _unknown(name: str, known: list[str]) -> str:
    meant = did_you_mean(name, known, otherwise=f"; known here: {', '.join(known) or 'none'}.")
    return f"no reactor of this node has a channel of that name{meant} For one of other nodes write its path as well"


def _check_senders(config: NodeConfig, entry: ChannelConfig) -> None:
    for key in entry.tuning:
        if key not in _SENDERS:
            raise config.source.error(
                f"{entry.key}.{key}",
                f"this node runs no reactor of {entry.name!r}, it only talks to them: {key} is what the node that runs "
                f"one decides; set it there. Here can be set: {', '.join(sorted(_SENDERS))}",
            )


def notes_on_channels(channels: Iterable[Channel[Any]]) -> list[str]:
    """What of these channels goes together in a way that surprises, though it is allowed; a sentence each."""
    notes = []
    for channel in channels:
        if channel.overflow is not Overflow.WAIT and channel.window > channel.mailbox:
            notes.append(
                f"channel {channel.name!r}: one peer may have {channel.window} messages on their way (window), and the "
                f"mailbox holds {channel.mailbox}: of a burst the rest meets overflow = {channel.overflow.value!r}"
            )
        if channel.max_message > channel.mailbox_bytes:
            notes.append(
                f"channel {channel.name!r}: a message may have {channel.max_message} bytes (max_message), and the "
                f"mailbox holds {channel.mailbox_bytes} (mailbox_bytes): a larger one enters only an empty mailbox"
            )
    return notes
