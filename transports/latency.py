"""How long a peer takes to answer, as a number to choose by: quick to rise, slow to fall.

The peak-sensitive moving average of Finagle's balancer (twitter.github.io/finagle/guide/Clients.html, "Power of Two
Choices + Peak EWMA"; linkerd has the same), with one addition: a failure counts as a slow answer. Without it a peer
that fails at once looks like the quickest of all, and is sent everything.
"""

from __future__ import annotations

from math import exp

__all__ = ["DECAY", "FAILURE", "PeakEwma"]

#: Seconds after which an old observation has lost two thirds of its weight (Finagle's default).
DECAY = 10.0
#: Seconds that a failed answer counts for at least: a thousand good round trips in a data centre. It is forgotten
#: within a minute: after 7 times `DECAY` a thousandth of it is left.
FAILURE = 1.0


class PeakEwma:
    """Seconds to an answer. Times are seconds of any one clock that does not run backwards."""

    __slots__ = ("_at", "_seconds")

    def __init__(self) -> None:
        self._seconds = 0.0
        self._at = 0.0

    def answered(self, seconds: float, now: float) -> None:
        """An answer came after so long. A slower one than expected counts at once, a quicker one by and by."""
        known = self._seconds
        self._seconds = seconds if seconds >= known else seconds + (known - seconds) * exp((self._at - now) / DECAY)
        self._at = now

    def failed(self, seconds: float, now: float) -> None:
        """There was an error in place of an answer, or none until the deadline."""
        self.answered(max(seconds, FAILURE), now)

    def waited(self, seconds: float, now: float) -> None:
        """Nobody waits any more, after so long: an answer would have taken longer than that."""
        if seconds > self.at(now):
            self.answered(seconds, now)

    def at(self, now: float) -> float:
        """Seconds to expect now; 0 before anything is known, and again when nothing was for long."""
        return self._seconds * exp((self._at - now) / DECAY)
