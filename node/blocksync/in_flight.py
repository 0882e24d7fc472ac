"""How many asks are in flight at once: as many as are answered well within their time, learnt from how answers come.

A fixed number is right for one line only. 32 asks for blocks of 128 KiB fill 1 Gbit/s; at 1 Mbit/s the last of them
waits for 34 s, so that all but the first few are too late, are asked again, and their answers, which nobody waits for
any more, take the line from those that somebody does. Additive increase and multiplicative decrease (Chiu and Jain,
"Analysis of the increase and decrease algorithms for congestion avoidance", 1989), with slow answers as the sign, not
only missing ones.
"""

from __future__ import annotations

__all__ = ["InFlight"]

# Law 1: no more than `limit` are in flight, and never more than `most`; one may always be.
# Law 2: it grows only by answers that came early, while as many were in flight as it lets: doubled each round until
#        the first sign that they come slowly, by one a round from then on.
# Law 3: it shrinks once for what was asked at the same time, however many of these were late.
# Law 4: an ask that was alone and too late is given twice the time from then on: a line may be too thin for one in
#        time.

#: In flight before anything is known.
FIRST = 2
#: The share of an ask's time after which its answer came slowly: what begins behind it is to have time, too.
SLOW = 1 / 3
#: What is left of the limit after a slow answer, and after none.
AFTER_SLOW, AFTER_NONE = 0.75, 0.5


class InFlight:
    """Sans-IO: `now` in seconds of any clock. `most` in flight; an ask has `timeout` seconds, up to `longest`."""

    __slots__ = ("_cut", "_growing", "_limit", "_most", "count", "longest", "timeout")

    def __init__(self, most: int, *, timeout: float, longest: float) -> None:
        self._most = most
        self._limit = float(min(FIRST, most))
        #: Doubling: no answer has been slow yet.
        self._growing = True
        self._cut = float("-inf")
        #: In flight now.
        self.count = 0
        #: Seconds that the next ask has.
        self.timeout = timeout
        self.longest = max(longest, timeout)

    @property
    def limit(self) -> int:
        """How many may be in flight."""
        return max(1, int(self._limit))

    @property
    def room(self) -> bool:
        """One more may begin."""
        return self.count < self.limit

    def begin(self) -> None:
        """One begins. Only while there is room."""
        self.count += 1

    def answered(self, asked: float, now: float) -> None:
        """The one that was asked then has its answer."""
        full = self.count >= self.limit
        self.count -= 1
        if now - asked > SLOW * self.timeout:
            self._shrink(asked, now, AFTER_SLOW)
        elif full:
            self._limit = min(self._limit + (1 if self._growing else 1 / self._limit), self._most)

    def late(self, asked: float, now: float) -> None:
        """It got none in time."""
        alone = self.limit == 1
        self.count -= 1
        self._shrink(asked, now, AFTER_NONE)
        if alone:
            self.timeout = min(2 * self.timeout, self.longest)

    def failed(self) -> None:
        """It failed for a reason that says nothing of the line, or of how busy the peer is."""
        self.count -= 1

    def _shrink(self, asked: float, now: float, share: float) -> None:
        self._growing = False
        if asked > self._cut:
            self._cut = now
            self._limit = max(1.0, self._limit * share)
