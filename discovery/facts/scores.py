"""What a peer has earned: points with a named reason each, which fade with time."""

# Law 1. A reason's weight stands in one table; no caller makes up points.
# Law 2. All points fade at one rate, so time alone never changes which of two is ahead.
# Law 3. Points only add up; what follows from them (rank, ban) is decided elsewhere.

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from types import MappingProxyType

__all__ = ["MAX_SCORE", "MIN_SCORE", "WEIGHTS", "Score", "ScoreReason"]

#: The rank of a peer that the operator wants; no other peer gets there.
MAX_SCORE = 1000.0
MIN_SCORE = -1000.0


class ScoreReason(enum.Enum):
    """Why a peer's score changed. The value is the word in snapshots, logs and the book."""

    USEFUL = "useful"
    """It did what a good peer does: an actor of this node says so."""
    USELESS = "useless"
    """It did not, and there is no better word for it."""
    NO_ANSWER = "no_answer"
    """It let a request of discovery's run out."""
    TOO_SOON = "too_soon"
    """It asked for peers more often than it may."""
    UNSOLICITED = "unsolicited"
    """It answered what nobody had asked."""
    TOO_MANY = "too_many"
    """Its answer was longer than an answer may be."""
    BAD_ADDRESS = "bad_address"
    """It told of an address that nobody can dial."""
    STALE_RECORD = "stale_record"
    """It told of a peer by a record that was replaced or had expired long ago."""
    FOREIGN_RECORD = "foreign_record"
    """It told of a node of another network."""
    FORGED_RECORD = "forged_record"
    """It told of a peer by a record with a wrong signature: no accident makes one."""
    PRIVATE_RECORD = "private_record"
    """It told of a peer whose record says that nobody is to be told."""
    PROTOCOL = "protocol"
    """It broke the wire protocol."""
    FLOOD = "flood"
    """It sent more of what is rare than any honest peer has to say: no accident does."""
    OPERATOR = "operator"
    """Points from before, that the operator set; they fade like others."""


#: Points for each event. An honest peer may be clumsy once in a while and stays far above the ban line (-100).
WEIGHTS: Mapping[ScoreReason, float] = MappingProxyType(
    {
        ScoreReason.USEFUL: 1.0,
        ScoreReason.USELESS: -1.0,
        ScoreReason.NO_ANSWER: -2.0,
        ScoreReason.TOO_SOON: -5.0,
        ScoreReason.UNSOLICITED: -20.0,
        ScoreReason.TOO_MANY: -20.0,
        ScoreReason.BAD_ADDRESS: -1.0,
        ScoreReason.STALE_RECORD: -1.0,
        ScoreReason.FOREIGN_RECORD: -5.0,
        ScoreReason.FORGED_RECORD: -100.0,
        ScoreReason.PRIVATE_RECORD: -20.0,
        ScoreReason.PROTOCOL: -20.0,
        ScoreReason.FLOOD: -100.0,
        ScoreReason.OPERATOR: 0.0,
    }
)


class Score:
    """The points of one peer by reason. `half_life`: seconds in which they fade to half."""

    __slots__ = ("_at", "_half_life", "_points")

    def __init__(self, half_life: float) -> None:
        self._half_life = half_life
        self._points: dict[ScoreReason, float] = {}
        self._at = 0.0

    def add(self, reason: ScoreReason, now: float, times: int = 1) -> None:
        """One more event of that kind, or several; the sum stays between the bounds."""
        self._fade(now)
        room = (MIN_SCORE, MAX_SCORE - 1.0)
        others = sum(points for other, points in self._points.items() if other is not reason)
        points = self._points.get(reason, 0.0) + WEIGHTS[reason] * times
        self._points[reason] = min(max(points, room[0] - others), room[1] - others)

    def value(self, now: float) -> float:
        """The sum at that time."""
        # Summed first and faded once: two peers with the same events have exactly the same score.
        return sum(self._points.values()) * self._faded(now) if self._points else 0.0

    def why(self, now: float) -> tuple[tuple[ScoreReason, float], ...]:
        """The points by reason, those that weigh most first."""
        faded = self._faded(now)
        found = [(reason, points * faded) for reason, points in self._points.items() if points]
        return tuple(sorted(found, key=lambda one: (-abs(one[1]), one[0].value)))

    @property
    def points(self) -> tuple[tuple[tuple[ScoreReason, float], ...], float]:
        """The points by reason, and the time at which they were counted: what `restore` takes."""
        return tuple(self._points.items()), self._at

    def restore(self, points: Iterable[tuple[ScoreReason, float]], at: float, now: float) -> None:
        """Take these points, which were counted at the time `at`; a clock that went back fades nothing.

        Of more than a score may have it has none: a file says them, and no file puts a peer above the operator's.
        """
        self._points = dict(points)
        if not MIN_SCORE - 1.0 < sum(self._points.values()) < MAX_SCORE:  # sums of floats
            self._points.clear()
        self._at = min(at, now)

    def _faded(self, now: float) -> float:
        return 1.0 if now <= self._at else 0.5 ** ((now - self._at) / self._half_life)

    def _fade(self, now: float) -> None:
        faded = self._faded(now)
        self._points = {reason: points * faded for reason, points in self._points.items()}
        self._at = max(self._at, now)
