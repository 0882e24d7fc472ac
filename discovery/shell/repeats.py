"""Which of many failures of one thing are told: the first, each reason when it is new, and then ever fewer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from ...actors.base import Pace, printable

__all__ = ["MOST_THINGS", "QUIET", "Repeated", "Repeats"]

#: Things that are remembered; beyond that the one that failed least recently is forgotten, and is told anew.
MOST_THINGS = 1024
#: Seconds after which a thing that did not fail again is new: far above the longest wait between two dials.
QUIET = 6 * 3600.0
#: Reasons of one thing that are each told at once. A reason may be a stranger's word, so that there can be any number.
MOST_REASONS = 8
#: Characters that are kept of the last failure, which may be a stranger's words.
MOST_TEXT = 300

#: Failures that are told in one second, of whatever things: a stranger has any number of names and addresses.
MOST_LINES = 10


class Repeated(NamedTuple):
    """How often it has failed in a row, and the seconds since it first did."""

    failures: int
    seconds: float


@dataclass(slots=True)
class _Row:
    since: float
    last: float
    failures: int = 0
    reasons: set[str] = field(default_factory=set)


class Repeats:
    """Counts failures in a row, by what fails. Times are `now` of any one clock, in seconds."""

    __slots__ = ("_last", "_rows", "last", "pace")

    def __init__(self) -> None:
        #: What is not told because there was much in one second is in its `rest`.
        self.pace = Pace(MOST_LINES)
        #: The one that failed least recently first.
        self._rows: dict[str, _Row] = {}
        #: What the last failure was, in words, told or not; empty where that thing has worked since.
        self.last: str = ""
        self._last = ""

    def failed(self, thing: str, reason: str, now: float, text: str = "") -> Repeated | None:
        """Count a failure, `text` in words. Returns what to tell of it; None where it is one more of the same.

        Told are the first, the second, the fourth, the eighth and so on, and each of the first reasons once.
        """
        self._last, self.last = thing, printable(text[:MOST_TEXT])
        row = self._rows.pop(thing, None)
        if row is None or now - row.last > QUIET:
            row = _Row(now, now)
        self._rows[thing] = row
        while len(self._rows) > MOST_THINGS:
            del self._rows[next(iter(self._rows))]
        row.last = now
        row.failures += 1
        is_new = reason not in row.reasons and len(row.reasons) < MOST_REASONS
        if is_new:
            row.reasons.add(reason)
        if (is_new or row.failures & (row.failures - 1) == 0) and self.pace.allows(now):
            return Repeated(row.failures, now - row.since)
        return None

    def succeeded(self, thing: str, now: float) -> Repeated | None:
        """It works. Returns how often it had failed before; None where it had not."""
        if thing == self._last:
            self.last = ""
        row = self._rows.pop(thing, None)
        return None if row is None else Repeated(row.failures, now - row.since)
