"""Whether this node's calendar is right, as far as its peers' calendars say: each has one voice."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

from ..peer import KnownPeer
from ..records import MAX_SKEW
from .wall_clock import WallClock

__all__ = ["clock_offset"]


def clock_offset(peers: Iterable[KnownPeer], wall: WallClock) -> tuple[float | None, int]:
    """Seconds by which the calendars of connected peers are ahead of this node's, and how many have said it.

    The median, so that fewer than half of them move it no further than the others are; None where nobody has, or
    most of them do not agree: then they say nothing of this one. A peer says it in its handshake; from then on both
    count on clocks that never jump.
    """
    said = [peer.epoch - wall.offset for peer in peers if peer.linked and peer.epoch is not None]
    if not said:
        return None, 0
    middle = median(said)
    alike = sum(abs(each - middle) <= MAX_SKEW for each in said)
    return (round(middle, 3) if 2 * alike > len(said) else None), len(said)
