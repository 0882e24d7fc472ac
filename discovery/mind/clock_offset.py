"""Whether this node's calendar is right, as far as its peers' calendars say: each has one voice."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

from ..peer import KnownPeer
from ..records import MAX_SKEW
from .wall_clock import WallClock

__all__ = ["clock_offset"]


def clock_offset(peers: Iterable[KnownPeer], wall: WallClock) -> tuple[float | None, int, bool]:
    """Seconds by which the calendars of connected peers are ahead of this node's, and how many have said it.

    And whether most of these agree: else the peers' calendars differ from each other, and say nothing of this one.

    The median, so that fewer than half of them move it no further than the others are; None where nobody has. A peer
    says it in its handshake; from then on both count on clocks that never jump.
    """
    said = [peer.epoch - wall.offset for peer in peers if peer.linked and peer.epoch is not None]
    if not said:
        return None, 0, False
    middle = median(said)
    alike = sum(abs(each - middle) <= MAX_SKEW for each in said)
    return round(middle, 3), len(said), 2 * alike > len(said)
