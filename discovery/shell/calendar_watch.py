"""Watches this node's calendar: whether it was set, and whether most peers have another."""

from __future__ import annotations

from ...actors.base import get_logger, wall_clock
from ..mind import PeerManager
from ..records import MAX_SKEW

__all__ = ["LOOK_AT_CLOCK", "CalendarWatch"]

log = get_logger("peerbus.discovery")

#: Seconds between two looks.
LOOK_AT_CLOCK = 10.0
#: Of fewer peers nobody knows whose calendar is wrong.
FEWEST_CLOCKS = 3


class CalendarWatch:
    """Of the node `name`; `manager` knows what its peers said."""

    def __init__(self, name: str, manager: PeerManager) -> None:
        self._name = name
        self._manager = manager
        self._wrong = False

    def was_set(self, now: float) -> bool:
        """Look. True where the calendar was set since the last look; what counts from 1970 is to be written anew."""
        jump = self._manager.wall.adjust(wall_clock(), now)
        if jump:
            log.warning("the clock was set", node=self._name, seconds=round(jump, 3))
        self._compare()
        return bool(jump)

    def _compare(self) -> None:
        offset, peers = self._manager.clock_offset()
        wrong = offset is not None and peers >= FEWEST_CLOCKS and abs(offset) > MAX_SKEW
        if wrong == self._wrong:
            return
        self._wrong = wrong
        if wrong:
            log.warning(
                "this node's clock differs from those of most of its peers: set it",
                node=self._name,
                behind=offset,
                peers=peers,
                what="until then it may be told of to nobody, and learn of nobody by peer exchange",
            )
        else:
            log.info("this node's clock agrees with those of its peers", node=self._name)
