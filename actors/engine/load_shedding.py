"""Which asks would be answered too late, as it turns out: an actor that has too much to do leaves them out.

Behind a full queue the oldest ask has just as much time left as it takes the next one to become the oldest. An actor
that took it would work for nobody, and so with the next, for ever: with ten times more asked than it can answer, one of
ten thousand was answered in time. So where handlers are cut off by deadlines, asks with little time left are not begun.
"""

from __future__ import annotations

import math

__all__ = ["LoadShedder"]

#: Seconds that the first late answer makes the margin, and what many make it at most.
LEAST, MOST = 0.001, 2.0
#: Seconds in which the margin halves when nothing is late: it is tried again and again whether less would do.
HALF_LIFE = 1.0


class LoadShedder:
    """The time that an ask must have left to be begun, by message type. Sans-IO: `now` in seconds of a clock."""

    __slots__ = ("_margins",)

    def __init__(self) -> None:
        self._margins: dict[type, tuple[float, float]] = {}

    def margin(self, kind: type, now: float) -> float:
        """Seconds that an ask of this type must have left."""
        margin, since = self._margins.get(kind, (0.0, now))
        return margin * math.exp2((since - now) / HALF_LIFE)

    def late(self, kind: type, now: float) -> None:
        """A handler of this type was still at work at the ask's deadline: that time was too short."""
        self._margins[kind] = min(MOST, max(LEAST, 2 * self.margin(kind, now))), now

    def hopeless(self, kind: type, left: float, now: float) -> bool:
        """An ask of this type with `left` seconds is not worth to be begun."""
        return left < self.margin(kind, now)
