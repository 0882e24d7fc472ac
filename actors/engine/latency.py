"""How long a receiver takes to answer, as a number to choose by: quick to rise, slow to fall.

The peak-sensitive moving average of Finagle's balancer (twitter.github.io/finagle/guide/Clients.html, "Power of Two
Choices + Peak EWMA"; linkerd has the same), with two additions. A failure counts as a slow answer: without it a peer
that fails at once looks like the quickest of all, and is sent everything. It is kept apart from answers, as it says
nothing of how long they usually take, with others that nobody has asked yet. And what was measured comes with how much
that is worth by now: without it a receiver that was not measured yet, or not for long, looks like the quickest of all.
"""

from __future__ import annotations

from math import exp

__all__ = ["DECAY", "FAILURE", "OwnLatency", "PeakEwma"]

#: Seconds after which an old observation has lost two thirds of its weight (Finagle's default).
DECAY = 10.0
#: Seconds that a failed answer counts for at least: a thousand good round trips in a data centre. It is forgotten
#: within a minute: after 7 times `DECAY` a thousandth of it is left.
FAILURE = 1.0


class PeakEwma:
    """Seconds to an answer. Times are seconds of any one clock that does not run backwards."""

    __slots__ = ("_at", "_bound", "_bound_at", "_known", "seconds")

    def __init__(self) -> None:
        #: What an answer took, as of the last observation; 0 before the first.
        self.seconds = 0.0
        self._at = 0.0
        self._known = False
        #: How long somebody waited in vain, and when that ended: an answer would have taken longer, nobody knows by how
        #: much.
        self._bound = 0.0
        self._bound_at = 0.0

    def answered(self, seconds: float, now: float) -> None:
        """An answer came after so long. A slower one than expected counts at once, a quicker one by and by."""
        known = self.seconds
        self.seconds = seconds if seconds >= known else seconds + (known - seconds) * self.weight(now)
        self._at = now
        self._known = True

    def failed(self, seconds: float, now: float) -> None:
        """There was an error in place of an answer, or none until the deadline."""
        self.waited(max(seconds, FAILURE), now)

    def waited(self, seconds: float, now: float) -> None:
        """Nobody waits any more, after so long: an answer would have taken longer than that."""
        if seconds >= self.least(now):
            self._bound, self._bound_at = seconds, now

    def weight(self, now: float) -> float:
        """How much `seconds` is worth now: 1 just after an observation, ever less since, 0 before the first."""
        return exp((self._at - now) / DECAY) if self._known else 0.0

    def least(self, now: float) -> float:
        """Seconds that an answer takes at least, by what was waited in vain; forgotten as everything is."""
        return self._bound * exp((self._bound_at - now) / DECAY) if self._bound else 0.0


class OwnLatency(PeakEwma):
    """How long an actor of this node takes, by the asks of it that are under way."""

    __slots__ = ("begun",)

    def __init__(self) -> None:
        super().__init__()
        #: When each of them began.
        self.begun: dict[object, float] = {}
