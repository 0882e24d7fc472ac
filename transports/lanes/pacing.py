"""How many bytes of large bodies may be on their way at once, so that they queue here and not in the kernel's buffers.

Bytes that the kernel has taken, nobody overtakes: on loopback it takes 6 MB, and an ask behind them waited 17 ms
where 0.16 are idle. So a sender of large bodies puts a PING behind every PROBE_EVERY bytes, and has no more than
a window of bytes beyond the last PONG. The window follows the path: twice what was delivered in a round trip, as in
Cardwell et al., "BBR: congestion-based congestion control", ACM Queue 14 (2016), but never below FLOOR.
"""

from __future__ import annotations

from collections import deque

__all__ = ["FIRST_TOKEN", "Pacer"]

# Law 1: what is delivered is what stands before a PING whose PONG has come. A PONG says it of all earlier ones too.
# Law 2: the base of the round trip is the shortest that was ever seen, the rate the best of the last few: a queue of
#        the sender's own making lengthens round trips, and must not widen the window that makes it.

#: Bytes between two PINGs: a part. With two, and a window of 96 KiB, an ask beside 10 MB messages took 4.2 times as
#: long as an idle one, with one 3.2 times, at the same rate.
PROBE_EVERY = 16 * 1024
#: The least window. It fills 1 Gbit/s at a round trip of 0.5 ms, and takes 0.3 ms at the 250 MB/s of loopback with TLS.
FLOOR = 64 * 1024
#: The most: 10 Gbit/s at 25 ms.
CEILING = 32 * 1024 * 1024
#: What of the product of rate and round trip may be under way: twice, so that the rate can grow at all.
GAIN = 2.0
#: Deliveries that the best rate is taken of.
RATES = 16
#: Tokens of these PINGs lie above it, those of heartbeats below: the failure detector learns nothing from these.
FIRST_TOKEN = 1 << 63
_LAST_TOKEN = (1 << 64) - 1


class Pacer:
    """The window of one connection's large bodies. Sans-IO: `now` in seconds of any clock that does not run back."""

    __slots__ = ("_delivered", "_probes", "_rates", "_shortest", "_since", "_token", "_written", "window")

    def __init__(self) -> None:
        #: Bytes that may be on their way.
        self.window = FLOOR
        self._written = self._delivered = 0
        #: Bytes since the last probe.
        self._since = 0
        self._token = FIRST_TOKEN
        #: Token, bytes written when it went, bytes delivered by then, and when that was.
        self._probes: deque[tuple[int, int, int, float]] = deque()
        self._shortest: float | None = None
        self._rates: deque[float] = deque(maxlen=RATES)

    @property
    def outstanding(self) -> int:
        """Bytes that are on their way, as far as one knows."""
        return self._written - self._delivered

    @property
    def open(self) -> bool:
        """More may be written."""
        return self._written - self._delivered < self.window

    def wrote(self, size: int, now: float) -> int | None:
        """Count a part of `size` bytes; returns the token of the PING that has to follow it, if one has to."""
        self._written += size
        self._since += size
        if self._since < PROBE_EVERY and self.open:
            return None  # where the window is shut, only a PONG will open it
        self._since = 0
        self._token = self._token + 1 if self._token < _LAST_TOKEN else FIRST_TOKEN
        self._probes.append((self._token, self._written, self._delivered, now))
        return self._token

    def heard(self, token: int, now: float) -> bool:
        """Count a PONG. False for one that answers none of these PINGs."""
        if not any(probe[0] == token for probe in self._probes):
            return False
        while True:
            number, written, delivered, sent = self._probes.popleft()
            if number == token:
                break
        self._delivered = written
        trip = max(now - sent, 1e-6)
        self.tripped(trip)
        self._rates.append((written - delivered) / trip)
        assert self._shortest is not None
        self.window = int(min(CEILING, max(FLOOR, GAIN * max(self._rates) * self._shortest)))
        return True

    def tripped(self, seconds: float) -> None:
        """A round trip took so long: this one's, or a heartbeat's."""
        self._shortest = seconds if self._shortest is None else min(self._shortest, seconds)
