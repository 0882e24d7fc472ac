"""Is the peer still there? PING, PONG, round-trip time and a phi-accrual failure detector."""

from __future__ import annotations

import math
from collections import deque
from statistics import NormalDist
from typing import Protocol

__all__ = ["Detector", "FixedPatience", "Heartbeat", "PhiAccrual"]

# Law 1: suspicion is a number that grows with silence, not a yes or no: phi = -log10 of the chance
#        that a heartbeat comes even later than now (Hayashibara, Defago, Yared, Katayama: "The phi
#        accrual failure detector", SRDS 2004, §4).
# Law 2: only answers to our own pings are samples, since they come at our pace; any other frame proves
#        life just as well, but says nothing about when the next one is due.

#: Intervals that are remembered: the paper uses 1 000; 100 follow a change of the network faster.
SAMPLES = 100
#: Pings without an answer that are remembered; a peer that is so far behind is suspect long since.
MAX_PINGS = 16
#: Weight of a new round-trip time in the average (RFC 6298 §2).
RTT_WEIGHT = 1 / 8


class Detector(Protocol):
    """Says from when on silence is too long."""

    def heard(self, now: float) -> None:
        """A heartbeat was answered."""

    def alive(self, now: float) -> None:
        """Something else came."""

    def suspect(self, now: float) -> bool:
        """The silence is too long."""

    def suspect_at(self) -> float | None:
        """When it will be, if nothing is heard; None: never, or before anything was."""

    @property
    def patience(self) -> float:
        """Seconds of silence that are not too long."""


class FixedPatience:
    """Gives up after some seconds of silence, inf for never: what is silent is at work, not out of reach."""

    __slots__ = ("_seen", "patience")

    def __init__(self, patience: float) -> None:
        self.patience: float = patience
        self._seen: float | None = None

    def heard(self, now: float) -> None:
        """As `Detector.heard`."""
        self._seen = now

    alive = heard

    def suspect(self, now: float) -> bool:
        """As `Detector.suspect`."""
        at = self.suspect_at()
        return at is not None and now >= at

    def suspect_at(self) -> float | None:
        """As `Detector.suspect_at`."""
        return None if self._seen is None or self.patience == math.inf else self._seen + self.patience


class PhiAccrual:
    """Learns how regularly heartbeats come, and tells how suspicious their absence is.

    Args:
        first_interval: seconds between heartbeats that are assumed before any came.
        threshold: the phi from which the peer is suspect; 8 errs once in 10**8 heartbeats, if they
            are spread normally.
        min_deviation: seconds of standard deviation that are assumed at least, so that a very regular
            peer is not suspected for its first small delay.
        acceptable_pause: seconds of silence that are added to what was learnt, for garbage collection
            and busy machines.

    Raises:
        ValueError: a time is not positive, or the threshold is not above 0.
    """

    __slots__ = (
        "_beat",
        "_pause",
        "_samples",
        "_seen",
        "_square_sum",
        "_sum",
        "_z",
        "min_deviation",
        "threshold",
    )

    def __init__(
        self,
        first_interval: float,
        *,
        threshold: float = 8.0,
        min_deviation: float = 0.1,
        acceptable_pause: float = 3.0,
    ) -> None:
        if first_interval <= 0 or min_deviation <= 0 or acceptable_pause < 0:
            raise ValueError("intervals and deviation are above 0 seconds, the pause is not below 0")
        if not 0 < threshold <= 300:
            raise ValueError(f"threshold is above 0 and at most 300, not {threshold}")
        self.threshold = threshold
        self.min_deviation = min_deviation
        self._pause = acceptable_pause
        self._samples: deque[float] = deque()
        self._sum = self._square_sum = 0.0
        self._beat: float | None = None
        self._seen: float | None = None
        # P(later) = 10**-threshold at this many deviations above the mean.
        self._z = -NormalDist().inv_cdf(10**-threshold)
        # One interval says nothing about spread: begin with two that lie a quarter around it.
        self._sample(first_interval * 0.75)
        self._sample(first_interval * 1.25)

    @property
    def mean(self) -> float:
        """Seconds between heartbeats, as learnt so far."""
        return self._sum / len(self._samples)

    @property
    def deviation(self) -> float:
        """Standard deviation of these seconds, at least `min_deviation`."""
        variance = self._square_sum / len(self._samples) - self.mean**2
        return max(math.sqrt(max(variance, 0.0)), self.min_deviation)

    def heard(self, now: float) -> None:
        """A heartbeat came: learn its interval. Times that run backwards count as no interval."""
        if self._beat is not None and now > self._beat:
            self._sample(now - self._beat)
        self._beat = now
        self.alive(now)

    def alive(self, now: float) -> None:
        """Something else came: the peer lives, but nothing is learnt about its rhythm."""
        if self._seen is None or now > self._seen:
            self._seen = now

    def phi(self, now: float) -> float:
        """How suspicious the silence until `now` is; 0 before anything was heard."""
        if self._seen is None:
            return 0.0
        late = (now - self._seen - self.mean - self._pause) / self.deviation
        chance = 0.5 * math.erfc(late / math.sqrt(2))
        return -math.log10(chance) if chance > 0 else math.inf

    def suspect(self, now: float) -> bool:
        """Whether phi has reached the threshold: true from `suspect_at` on, exactly."""
        at = self.suspect_at()
        return at is not None and now >= at

    def suspect_at(self) -> float | None:
        """The time at which phi will reach the threshold if nothing is heard; None before anything was."""
        return None if self._seen is None else self._seen + self.patience

    @property
    def patience(self) -> float:
        """Seconds of silence after which the peer is suspect, by what was learnt so far."""
        return self.mean + self._pause + self._z * self.deviation

    def _sample(self, interval: float) -> None:
        self._samples.append(interval)
        if len(self._samples) > SAMPLES:
            self._samples.popleft()
        # Summed anew, not updated: differences of floats would add up over days.
        self._sum = math.fsum(self._samples)
        self._square_sum = math.fsum(x * x for x in self._samples)


class Heartbeat:
    """Decides when to ping, matches the answers, and asks the detector what their absence means.

    The peer counts as alive at `now`, the moment of its WELCOME; the first ping is due one `interval`
    (in seconds) later.
    """

    __slots__ = ("_due", "_pings", "detector", "interval", "received", "rtt", "token", "unsolicited")

    def __init__(self, now: float, *, interval: float, detector: Detector | None = None) -> None:
        if interval <= 0:
            raise ValueError(f"the interval is above 0 seconds, not {interval}")
        self.interval = interval
        self.detector: Detector = detector or PhiAccrual(interval)
        self.detector.alive(now)
        #: `received(now)`: some other frame came; a peer that sends is alive.
        self.received = self.detector.alive
        #: Smoothed round-trip time in seconds; None before the first answer.
        self.rtt: float | None = None
        #: Answers to no ping of ours, or to one that was answered: ignored, but counted.
        self.unsolicited = 0
        self._due = now + interval
        #: Of the last ping.
        self.token = 0
        self._pings: dict[int, float] = {}

    def next_ping_due(self) -> float:
        """The time at which the next ping should go."""
        return self._due

    def ping(self, now: float) -> int:
        """Count a PING that goes out now, and return its token."""
        self.token += 1
        self._pings[self.token] = now
        if len(self._pings) > MAX_PINGS:
            del self._pings[min(self._pings)]
        # From now, not from when it was due: after a pause there is no burst to catch up.
        self._due = now + self.interval
        return self.token

    def pong(self, token: int, now: float) -> float | None:
        """Count a PONG and return its round trip in seconds; None for one that nobody asked for."""
        sent = self._pings.pop(token, None)
        if sent is None:
            self.unsolicited += 1
            return None
        trip = max(now - sent, 0.0)
        self.rtt = trip if self.rtt is None else self.rtt + RTT_WEIGHT * (trip - self.rtt)
        self.detector.heard(now)
        return trip

    def suspect(self, now: float) -> bool:
        """Whether the silence is so long that the connection should be given up."""
        return self.detector.suspect(now)

    def next_check(self) -> float:
        """The time at which the owner should look again: a ping is due, or the peer becomes suspect."""
        suspect_at = self.detector.suspect_at()
        due = self.next_ping_due()
        return due if suspect_at is None else min(due, suspect_at)
