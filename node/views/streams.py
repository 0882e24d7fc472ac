"""The streams of a node at an instant, of one channel: those whose items it sends, and those whose items it reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ...actors.mailbox import ItemCounts
from ...actors.pool_view import PoolView
from ...transports.connection import ConnectionStatistics

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
    #: Of a pool: streams that wait for a place at a member, and those that are open, by member.
    waiting: int = 0
    members: Mapping[str, int] = field(default_factory=dict)


def streams_of(
    counts: Mapping[str, ItemCounts], connections: Iterable[ConnectionStatistics], pools: Iterable[PoolView] = ()
) -> dict[str, StreamsView]:
    """By channel, those that have had a stream."""
    reading: dict[str, int] = {}
    for connection in connections:
        for channel, figures in connection.streams.items():
            reading[channel] = reading.get(channel, 0) + figures.asked
    waiting: dict[str, int] = {}
    members: dict[str, dict[str, int]] = {}
    for pool in pools:
        if pool.channel is not None:
            waiting[pool.channel] = waiting.get(pool.channel, 0) + pool.streams_waiting
            open_ = {member.name: member.streams for member in pool.members if member.streams}
            members.setdefault(pool.channel, {}).update(open_)
    found = {}
    for channel in sorted({*counts, *reading}):
        each = counts.get(channel) or ItemCounts()
        found[channel] = StreamsView(
            each.open,
            each.standing,
            reading.get(channel, 0),
            each.sent,
            each.delivered,
            sum(each.failed.values()),
            waiting.get(channel, 0),
            members.get(channel, {}),
        )
    return found
