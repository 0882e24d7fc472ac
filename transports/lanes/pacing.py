"""How many bytes may be on their way at once, so that what waits, waits here and not in the kernel's buffers.

Bytes that the kernel has taken, nobody overtakes: on loopback it takes 6 MB, and an ask behind them waited 17 ms
where 0.16 are idle; at 1 Mbit/s a flood of small messages that it had taken held an urgent ask for 8 s. So a PING
stands behind every few bytes, and no more is written than a window beyond the last PONG. The window follows the path:
twice what was delivered in a round trip, as in Cardwell et al., "BBR: congestion-based congestion control", ACM Queue
14 (2016).
"""

from __future__ import annotations

from collections import deque

__all__ = ["FIRST_TOKEN", "Pacer"]

# Law 1: what is delivered is what stands before a PING whose PONG has come. A PONG says it of all earlier ones too.
# Law 2: the base of the round trip is the shortest of some seconds, the rate the best of the last few: a queue of
#        the sender's own making lengthens round trips, and must not widen the window that makes it.
# Law 3: where the shortest is old, nothing is written until all is delivered, and a PING goes alone: what it took is
#        the shortest now. So a path that has become longer is learnt anew, for a round trip of rest in some seconds.
# Law 4: a rate that the sender's own pauses made says nothing of the path, unless it is better than what was known.
# Law 5: the parts of large bodies have the narrow window, everything together the wide one: a large body can rest
#        between any two parts, and where small messages flow, probes have to be few.
# Law 6: what stays on this machine travels no path: its kernel holds some megabytes, which pass in milliseconds. There
#        only parts are held back. (With all, a tell to one of 64 peers in turn took a quarter more of its receiver.)
# Law 7: while a window is shut a probe is under way.

#: Bytes between two PINGs of parts: a part, at least. With two, and a window of 96 KiB, an ask beside 10 MB messages
#: took 4.2 times as long as an idle one, with one 3.2 times, at the same rate.
PROBE_EVERY = 16 * 1024
#: The least window. It fills 1 Gbit/s at a round trip of 0.5 ms, and takes 0.3 ms at the 250 MB/s of loopback with TLS.
FLOOR = 64 * 1024
#: Seconds that FLOOR may take on its way; on a thinner path the least window is smaller, down to a part.
FLOOR_TIME = 0.125
#: The window before anything is known of the path: 0.26 s at 1 Mbit/s.
FIRST = 32 * 1024
#: The most: 10 Gbit/s at 25 ms.
CEILING = 32 * 1024 * 1024
#: What of the product of rate and round trip may be under way: twice, so that the rate can grow at all.
GAIN = 2.0
#: The same of parts, as far as the wide window allows: where a round trip is shorter than SLACK. With twice, parts of
#: 1 MB bodies on loopback left by 30 KiB at a time and not by 38, and cost 10 % more.
PART_GAIN = 2.5
#: Bytes of small frames that pass a large body whose window is shut.
PAST = 4 * 1024
#: Seconds that the wide window holds beyond that: what a busy peer may take until it comes to answer a PING.
SLACK = 0.02
#: Deliveries that the best rate is taken of.
RATES = 16
#: Seconds for which the shortest round trip stands, unless it is seen again. BBR has 10; a path that has become longer
#: is to be known by then.
STANDS = 7.0
#: Of how much more than the shortest a round trip still shows that it stands.
NEAR = 1.125
#: Tokens of these PINGs lie above it, those of heartbeats below: the failure detector learns nothing from these.
FIRST_TOKEN = 1 << 63
_LAST_TOKEN = (1 << 64) - 1


#: A PING that is on its way, a plain tuple as there is one behind every part (0.6 µs less each): its token; bytes that
#: were written when it went, and those of parts among them; bytes from which on, and the time since which, its PONG
#: will tell a rate; when it went; whether it goes alone, with nothing of this side before it; and whether there was
#: more to write, so that what was delivered until its PONG is what the path takes.
_Probe = tuple[int, int, int, int, float, float, bool, bool]


class Pacer:
    """The two windows of one connection. Sans-IO: `now` in seconds of any clock that does not run back."""

    __slots__ = (
        "_base",
        "_delivered",
        "_draining",
        "_parts",
        "_parts_delivered",
        "_probes",
        "_rates",
        "_since",
        "_since_time",
        "_stamp",
        "_token",
        "_written",
        "allowance",
        "local",
        "shortest",
        "window",
    )

    def __init__(self) -> None:
        #: Bytes of parts that may be on their way.
        self.window = FIRST
        #: The other end is on this machine: see law 6.
        self.local = False
        #: Bytes that may be on their way, whatever the next one is of.
        self.allowance = FIRST + PAST
        #: Seconds of the shortest round trip of late; None before the first.
        self.shortest: float | None = None
        self._stamp = 0.0
        self._draining = False
        self._written = self._delivered = 0
        #: The same, of parts alone.
        self._parts = self._parts_delivered = 0
        #: Bytes since the last probe.
        self._since = 0
        self._token = FIRST_TOKEN
        self._probes: deque[_Probe] = deque()
        #: Bytes from which on a rate is taken, and since when.
        self._base, self._since_time = 0, 0.0
        self._rates: deque[float] = deque(maxlen=RATES)

    @property
    def trip(self) -> float | None:
        """Seconds of the path's round trip, without what both ends are at; None before the first.

        On this machine it is nothing: what a heartbeat takes there is how busy the two ends are.
        """
        return 0.0 if self.local else self.shortest

    @property
    def outstanding(self) -> int:
        """Bytes that are on their way, as far as one knows."""
        return self._written - self._delivered

    @property
    def open(self) -> bool:
        """More of a large body may be written."""
        return self._parts - self._parts_delivered < self.window

    @property
    def room(self) -> int:
        """Bytes that may be written now, whatever they are; 0 or less while the wide window is shut."""
        return CEILING if self.local else self.allowance - self._written + self._delivered

    @property
    def rate(self) -> float:
        """Bytes a second that the path carries; 0 before anything is known."""
        return max(self._rates, default=0.0)

    def wrote(self, size: int, now: float, *, limited: bool = True) -> int | None:
        """Count a part of `size` bytes; returns the token of the PING that has to follow it, if one has to.

        `limited`: there is more to write.
        """
        if not (self._since or self._probes):
            self._base, self._since_time = self._written, now  # what lies before was no matter of the path
        self._written += size
        self._since += size
        self._parts += size
        if self._since < max(PROBE_EVERY, self.window // RATES) and self.open:
            return None  # where the window is shut, only a PONG will open it
        return self._probe(now, limited=limited)

    def wrote_frames(self, size: int, now: float, *, limited: bool) -> int | None:
        """As `wrote`, of anything: then a quarter of the wide window goes between two PINGs."""
        since = self._since
        if not (since or self._probes):
            self._base, self._since_time = self._written, now  # as in `wrote`
        self._written = written = self._written + size
        self._since = since = since + size
        if since * 4 < self.allowance > written - self._delivered:
            return None
        return self._probe(now, limited=limited)

    def ask(self, now: float) -> int | None:
        """A window is shut: returns the token of a PING that has to go, if one has to."""
        return None if self._probes else self._probe(now, limited=True)

    def heard(self, token: int, now: float) -> bool:
        """Count a PONG. False for one that answers none of these PINGs."""
        probes = self._probes
        if not probes or not (probes[0][0] == token or any(probe[0] == token for probe in probes)):
            return False
        while True:
            number, written, parts, base, since, sent, clean, limited = probes.popleft()
            if number == token:
                break
        rate = (written - base) / max(now - since, 1e-6)
        if not clean and (limited or rate >= self.rate):
            self._rates.append(rate)
        self._delivered = self._base = written
        self._parts_delivered = parts
        self._since_time = now
        self._tripped(max(now - sent, 1e-6), now, clean=clean)
        return True

    def tripped(self, seconds: float, now: float) -> None:
        """A heartbeat's round trip took so long."""
        self._tripped(seconds, now, clean=not self._probes)

    def _probe(self, now: float, *, limited: bool) -> int:
        written = self._written
        self._since = 0
        self._token = token = self._token + 1 if self._token < _LAST_TOKEN else FIRST_TOKEN
        clean = written == self._delivered
        self._probes.append((token, written, self._parts, self._base, self._since_time, now, clean, limited))
        return token

    def _tripped(self, seconds: float, now: float, *, clean: bool) -> None:
        if self.shortest is None or seconds <= self.shortest:
            self.shortest, self._stamp, self._draining = seconds, now, False
        elif seconds <= NEAR * self.shortest:
            self._stamp, self._draining = now, False
        elif now - self._stamp > STANDS:
            if clean:
                self.shortest, self._stamp, self._draining = seconds, now, False
            else:
                self._draining = True
        self._follow()

    def _follow(self) -> None:
        """Fit the windows to what is known of the path."""
        rate = self.rate
        if not rate or self.shortest is None:
            return
        if self._draining:
            self.window = self.allowance = 0
            return
        floor = min(FLOOR, max(PROBE_EVERY, rate * FLOOR_TIME))
        held = rate * self.shortest
        self.allowance = allowance = int(min(CEILING, max(floor + PAST, GAIN * held + rate * SLACK)))
        self.window = min(allowance, int(max(floor, PART_GAIN * held)))
