"""Which of those that knock begin a handshake, which wait, and which have to go: fair between where they come from.

The names are OpenSSH's (sshd_config: MaxStartups, PerSourceMaxStartups, PerSourcePenalties); that all which is not
judged yet is one account, whatever stage it is at, is libp2p's transient scope.
"""

# Law 1. One table holds whoever has said something and is not judged yet: at most `full` of them, and of known sources
#        `RESERVE` beside. Whatever ends one of them is told by `ended`.
# Law 2. The one that makes room is of the source that has most: one from another source finds a place.
# Law 3. From `start` on a newcomer from a source that has somebody here already is dropped early, at random.
# Law 4. A source whose callers fail is penalised, for longer each time; penalised it has one place, and begins last.
# Law 5. What costs the processor is the handshake: only some begin each second, from the lightest source first.
# Law 6. A dialer that says nothing waits outside of the table, and costs a descriptor: it speaks first, in the
#        packet after its first, so the one that is silent longest goes for the next.

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from types import MappingProxyType
from typing import Final

from .sources import source_of

__all__ = ["MAX_SILENT", "MAX_STARTUPS", "MAX_UNJUDGED", "PENALTIES", "Startup", "Startups"]

#: Those that are not judged yet beyond which newcomers are dropped early, by which chance at first, and at most: 64
#: nodes that start behind one address are let in at once.
MAX_STARTUPS: Final = (64, 0.3, 128)
#: Handshakes that are under way at once.
AT_ONCE: Final = 64
#: Handshakes that begin in a second, in the long run and at once: at 3 ms of processor time each, a quarter of a core.
PER_SECOND, BURST = 80.0, 16.0
#: Places beside, for callers from where good peers are known to be.
RESERVE: Final = 16
#: Those that have said nothing yet: at 3 000 new ones a second each has 40 ms to do so.
MAX_SILENT: Final = 128
#: Connections of one listener that are not judged yet, at most.
MAX_UNJUDGED: Final = MAX_SILENT + MAX_STARTUPS[2] + RESERVE
#: Seconds that one is left alone for one from a source that has as many; an honest handshake takes two round trips.
GRACE: Final = 1.0
#: Seconds of penalty by the reason for which a caller failed, as OpenSSH's authfail, grace-exceeded and noauth; of any
#: other reason none, as an honest node may be refused for it again and again. `protocol`: any ProtocolError.
PENALTIES: Final = MappingProxyType(
    {
        **dict.fromkeys(("certificate", "tls", "noise", "multiplexer", "node_id", "user", "protocol"), 5.0),
        **dict.fromkeys(("network_policy", "network_key", "not_allowed", "unproven", "expired", "revoked"), 5.0),
        "narrow": 5.0,  # an honest node is so once or twice; whoever likes can look so
        **dict.fromkeys(("timeout", "evicted", "banned"), 10.0),
        **dict.fromkeys(("connection", "closed", "broken"), 1.0),
    }
)
#: A penalty is felt from this many seconds on, and is no longer than that; sources beyond that many are forgotten.
LEAST_PENALTY, MOST_PENALTY, MAX_SOURCES = 15.0, 600.0, 8192
#: What a penalised source counts beside the places that it has.
PENALISED: Final = 1000


@dataclass(eq=False, slots=True)
class Startup:
    """One that has come and is not judged yet. `began`: when its handshake did; inf: it waits."""

    source: str
    known: bool
    arrived: float
    began: float = math.inf


class Startups:
    """See the module. Times are seconds of one clock; the shell closes whom it is told to, and tells `ended` of it."""

    def __init__(self, rng: Random, *, max_startups: tuple[int, float, int] = MAX_STARTUPS) -> None:
        self._rng = rng
        self._start, self._rate, self._full = max_startups
        #: By source, those of it in the order in which they came.
        self._here: dict[str, dict[Startup, None]] = {}
        self._strangers = self._known = 0
        #: Those that have said nothing, the first to come first.
        self._silent: dict[Startup, None] = {}
        self._waiting: dict[Startup, None] = {}
        self._tokens, self._filled = BURST, -math.inf
        #: By source: until when its penalty lasts, and whether it is felt.
        self._penalties: dict[str, tuple[float, bool]] = {}

    def __len__(self) -> int:
        return len(self._silent) + self._strangers + self._known

    def arrive(self, host: str, now: float, *, known: bool = False) -> tuple[Startup | None, Startup | None]:
        """Somebody knocks: the place that it has to say something (None: close it), and the one that goes for that.

        `known`: good peers are known to be at that address.
        """
        one, gone = Startup(source_of(host), known, now), None
        if not known and self._is_penalised(one.source, now):
            there = [*self._here.get(one.source, ()), *(each for each in self._silent if each.source == one.source)]
            if there:
                if now - there[0].arrived < GRACE:
                    return None, None
                gone = there[0]
        if gone is None and len(self._silent) >= MAX_SILENT:
            gone = next(iter(self._silent))
        self._silent[one] = None
        return one, gone

    def spoke(self, one: Startup, now: float) -> tuple[bool, Startup | None]:
        """It said something: whether its handshake may begin, or wait for that, and which other one goes for it."""
        if one not in self._silent:
            return False, None
        del self._silent[one]
        mine = self._here.get(one.source, {})
        victim = None
        if one.known and self._known < RESERVE:
            self._enter(one)
            return True, None
        one.known = False
        if self._strangers < self._full:
            if mine and self._strangers >= self._start and self._rng.random() < self._chance_of_drop():
                return False, None
        else:
            victim = self._victim(self._here, max(1, len(mine)) + self._weight(one.source, now), now)
            if victim is None:
                return False, None
        self._enter(one)
        return True, victim

    def begin(self, now: float) -> tuple[list[Startup], list[Startup]]:
        """Those whose handshake begins now, and those that go for that."""
        self._tokens = min(BURST, self._tokens + max(0.0, now - self._filled) * PER_SECOND)
        self._filled = max(now, self._filled)
        begun: list[Startup] = []
        gone: list[Startup] = []
        under_way = self._strangers + self._known - len(self._waiting)
        while self._waiting:
            one = min(self._waiting, key=lambda each: (not each.known, self._load(each.source, now)))
            if not one.known:
                if self._tokens < 1.0:
                    break
                if under_way >= AT_ONCE + RESERVE:
                    running = {
                        source: {s: None for s in there if s.began < math.inf and s not in gone}
                        for source, there in self._here.items()
                    }
                    victim = self._victim(running, self._load(one.source, now), now)
                    if victim is None:
                        break
                    gone.append(victim)
                    under_way -= 1
                self._tokens -= 1.0
            del self._waiting[one]
            one.began = now
            under_way += 1
            begun.append(one)
        return begun, gone

    def next_due(self, now: float) -> float | None:
        """When `begin` may next have somebody; None: nobody waits."""
        return now + max(1.0 - self._tokens, 0.2) / PER_SECOND if self._waiting else None

    def ended(self, one: Startup, reason: str, now: float) -> None:
        """It is judged, or gone. `reason`: for which it failed; '' where it was let in. Idempotent."""
        there = self._here.get(one.source, {})
        if one in self._silent:
            del self._silent[one]
        elif one in there:
            del there[one]
            if not there:
                del self._here[one.source]
            self._waiting.pop(one, None)
            if one.known:
                self._known -= 1
            else:
                self._strangers -= 1
        else:
            return
        seconds = PENALTIES.get(reason, 0.0)
        if seconds:
            self._penalise(one.source, seconds, now)

    # Private.

    def _enter(self, one: Startup) -> None:
        self._here.setdefault(one.source, {})[one] = None
        self._waiting[one] = None
        if one.known:
            self._known += 1
        else:
            self._strangers += 1

    def _chance_of_drop(self) -> float:
        return self._rate + (1.0 - self._rate) * (self._strangers - self._start) / (self._full - self._start)

    def _load(self, source: str, now: float) -> int:
        return len(self._here.get(source, ())) + self._weight(source, now)

    def _weight(self, source: str, now: float) -> int:
        return PENALISED if self._is_penalised(source, now) else 0

    def _victim(self, there: dict[str, dict[Startup, None]], load: int, now: float) -> Startup | None:
        """Of these, who goes for one of a source with that load: the first of the heaviest source."""
        heaviest: Iterable[Startup] = ()
        most = load - 1
        for source, ones in there.items():
            of_strangers = [one for one in ones if not one.known]
            weight = len(ones) + self._weight(source, now)
            if of_strangers and weight > most:
                heaviest, most = of_strangers, weight
        first = min(heaviest, key=lambda one: one.arrived, default=None)
        if first is None or (most <= load and now - first.arrived < GRACE):
            return None
        return first

    def _is_penalised(self, source: str, now: float) -> bool:
        until, felt = self._penalties.get(source, (0.0, False))
        return felt and until > now

    def _penalise(self, source: str, seconds: float, now: float) -> None:
        until, felt = self._penalties.pop(source, (now, False))
        felt = felt and until > now
        until = min(max(until, now) + seconds, now + MOST_PENALTY)
        self._penalties[source] = (until, felt or until - now >= LEAST_PENALTY)
        while len(self._penalties) > MAX_SOURCES:
            del self._penalties[next(iter(self._penalties))]
