"""How busy those are that a send may go to, made comparable: what is not known of one is taken from the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["ALIKE", "AVOIDED", "LEAST_SECONDS", "Load", "Loads"]

#: Seconds that an answer counts for at least: uvloop's clock has this resolution, and with 0 what is in flight would
#: count for nothing.
LEAST_SECONDS = 0.001
#: Receivers whose answers take less than that many times as long as each other's are equally quick, and have what is in
#: flight compared. A receiver that is slower by chance would get nothing at all otherwise from a sender that asks one
#: at a time. It costs at most this factor, and less under load, where what is in flight tells the slower one.
ALIKE = 2.0
#: As how many each message in flight counts to one that let somebody wait in vain of late, where what is in flight
#: decides alone: with none it comes behind another with 8. A bound, as all of them may fail now and then.
AVOIDED = 10


class Load(NamedTuple):
    """What is known of one receiver."""

    #: Requests that await their answers, and messages that did not leave yet.
    in_flight: int
    #: Seconds that answers took of late, and how much that is worth: 1 just measured, ever less, 0 never measured.
    seconds: float = 0.0
    weight: float = 0.0
    #: Seconds that an answer takes at least, as the way there and back does; 0 where unknown.
    least: float = 0.0
    #: Seconds that somebody waited for it in vain, or a failure counts for, ever less; 0 where all went well.
    vain: float = 0.0


class Loads:
    """Compares receivers. `known` are the loads of all of them, or of enough."""

    __slots__ = ("_usual",)

    def __init__(self, known: Sequence[Load]) -> None:
        self._usual = _usual(known)

    def seconds(self, load: Load) -> float:
        """What an answer of that receiver is expected to take.

        What was measured, as far as it still holds; for the rest what it usually is with the others. So one that was
        not measured yet counts as the median of those that were, and so does, by and by, one that was not for long.
        """
        expected = load.weight * load.seconds + (1.0 - load.weight) * self._usual
        return max(expected, load.least, load.vain, LEAST_SECONDS)

    def crowd(self, load: Load) -> int:
        """What is in flight to that receiver, and this one more: `AVOIDED` times as much where one waited in vain."""
        usual = max(load.weight * load.seconds + (1.0 - load.weight) * self._usual, load.least, LEAST_SECONDS)
        return (load.in_flight + 1) * (AVOIDED if load.vain > ALIKE * usual else 1)

    def less(self, one: Load, other: Load) -> bool:
        """The first is the better choice, and not just as good."""
        mine, others = self.seconds(one), self.seconds(other)
        if max(mine, others) < ALIKE * min(mine, others):
            return one.in_flight < other.in_flight
        return (one.in_flight + 1) * mine < (other.in_flight + 1) * others


def _usual(known: Sequence[Load]) -> float:
    """The median of what was measured, each by what it is worth; of the ways there and back where nothing was."""
    measured = sorted((max(load.seconds, load.least), load.weight) for load in known if load.weight)
    if not measured:
        measured = sorted((load.least, 1.0) for load in known if load.least)
    half = sum(weight for _, weight in measured) / 2
    reached = 0.0
    for place, (seconds, weight) in enumerate(measured):
        reached += weight
        if reached == half and place + 1 < len(measured):
            return (seconds + measured[place + 1][0]) / 2
        if reached >= half:
            return seconds
    return 0.0
