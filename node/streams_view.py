"""The streams of a node at an instant, of one channel: those whose items it sends, and those whose items it reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..actors.mailbox import ItemCounts
from ..transports.connection import ConnectionStatistics

__all__ = ["StreamsView", "streams_of"]


@dataclass(frozen=True, slots=True)
class StreamsView:
    """`sending`: streams whose items actors here send, to peers or on this node; `standing`: those of them whose
    reader has no room now. `reading`: streams that this node reads of peers, as far as connections are listed.

    `sent`, `delivered`, `failed`: items, since the start; what is left is pending.
    """

    sending: int = 0
    standing: int = 0
    reading: int = 0
    sent: int = 0
    delivered: int = 0
    failed: int = 0


def streams_of(counts: Mapping[str, ItemCounts], connections: Iterable[ConnectionStatistics]) -> dict[str, StreamsView]:
    """By channel, those that have had a stream."""
    reading: dict[str, int] = {}
    for connection in connections:
        for channel, figures in connection.streams.items():
            reading[channel] = reading.get(channel, 0) + figures.asked
    found = {}
    for channel in sorted({*counts, *reading}):
        each = counts.get(channel) or ItemCounts()
        found[channel] = StreamsView(
            each.open, each.standing, reading.get(channel, 0), each.sent, each.delivered, sum(each.failed.values())
        )
    return found
