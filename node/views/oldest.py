"""For how long the oldest message has lain in each channel's mailboxes, and has been on its way to peers' reactors."""

from __future__ import annotations

from dataclasses import dataclass

from ...actors.bus import Bus
from ...actors.mailbox import NEVER
from ...transports.sending import PeerLink

__all__ = ["OldestView", "oldest_of"]


@dataclass(frozen=True, slots=True)
class OldestView:
    """Seconds, exact to a turn of the loop, by channel; none where nothing has stayed for longer than one.

    `mailboxes`: since the oldest came there. `lanes`: since the oldest was accepted, or began to wait for credit, that
    a peer has not confirmed; it confirms what its actors took with every heartbeat. Channels of peers that this node
    does not declare are one, `-`.
    """

    mailboxes: dict[str, float]
    lanes: dict[str, float]


def oldest_of(bus: Bus) -> OldestView:
    """As of now. On the loop's thread."""
    now, name = bus.loop.time(), bus.books.name
    lanes: dict[str, float] = {}
    for link in bus.routes.peers.values():
        if isinstance(link, PeerLink):
            for channel, lane in link.lanes.by_name.items():
                since = lane.oldest
                if since != NEVER:
                    key = name(channel)
                    lanes[key] = max(lanes.get(key, 0.0), now - since)
    return OldestView(bus.arrivals.ages(), lanes)
