"""How large a window has to be: as large as what its reactor takes in a round trip, within what the node can spare.

A window that does not change is a speed limit: 1 024 messages in 100 ms are 10 000 a second, on any line. So the
receiving end measures what its actor took in a round trip, and lets the window hold GAIN times that: the way of the BDP
estimator of gRPC (RFC 9113 §5.2.1 leaves it open) and of the automatic tuning in QUIC's implementations. As what
*arrives* in a round trip is bounded by the window, a window that binds grows by GAIN each round trip, and no further
than the line or the reactor carries.
"""

from __future__ import annotations

from collections import deque

__all__ = ["RestingTuner", "WindowBudget", "WindowShare", "WindowTuner"]

# Law 1: a window is never smaller than it was announced, nor larger than MOST_MESSAGES and MOST_BYTES.
# Law 2: it grows only where the reactor keeps up: at some time of a round trip, what waited for it was no more than
#        half of what was announced. What waits at any other time may have come at once, as a full window does (Nichols
#        and Jacobson, "Controlling queue delay", ACM Queue 10, 2012).
# Law 3: where more than was announced waits all the time, the window shrinks to that beside what the reactor takes in a
#        round trip: before a slow reactor stands no more than before one that is near. And where nothing has come for
#        RESTS it is the announced one: what others could use is not kept.
# Law 4: what all windows of a node have grown by is within one budget: a message counts with what it takes in memory
#        beside its payload. No connection takes more of it than it leaves to others: one whose peer makes its windows
#        as large as it likes does not take it all.
# Law 5: at the receiving end that budget is a part of what peers may make the node hold (`of_memory`): when a reactor
#        stands still, what was granted may all come, and nobody goes for having used it.

#: Seconds of a round trip below which nothing grows: the announced window of 1 MiB then carries 2 GB/s.
LEAST_TRIP = 0.0005
#: What of the product of rate and round trip a window holds: the shortest round trip is measured without load.
GAIN = 3
#: The rate is the best of this many round trips, and of a second at least: a reactor that shares its loop is held up at
#: times, most of all by what comes in.
REMEMBERED, REMEMBERED_SECONDS = 8, 1.0
#: A window is told to be larger when that is worth a frame.
WORTH = 1.2
#: The largest window: 32 MiB are 1 Gbit/s at 250 ms, and that many messages 400 000 a second at 300 ms.
MOST_MESSAGES, MOST_BYTES = 128 * 1024, 32 * 1024 * 1024
#: Bytes of memory that a message takes beside its payload, while it waits to be sent.
MESSAGE_COST = 256
#: Bytes by which all windows of a node may grow together: four of the largest.
NODE_BUDGET = 4 * MOST_BYTES
#: Of the memory that peers may make a node hold, what windows may grow by: the rest is for windows as announced.
MEMORY_SHARE = 2 / 3
#: Seconds after which a window that nothing comes through is as it was announced.
RESTS = 15.0

Size = tuple[int, int]
_ALL = (MOST_MESSAGES, MOST_BYTES)


class WindowBudget:
    """What all windows of one node may take beyond what was announced, in bytes."""

    __slots__ = ("left",)

    def __init__(self, size: int = NODE_BUDGET) -> None:
        #: What is left of it.
        self.left = size

    @classmethod
    def of_memory(cls, memory: int) -> WindowBudget:
        """That of a node whose peers may make it hold that many bytes."""
        return cls(min(NODE_BUDGET, int(memory * MEMORY_SHARE)))

    def share(self) -> WindowShare:
        """The part of a new connection."""
        return WindowShare(self)


class WindowShare:
    """What the windows of one connection take of the budget. `budget` None: one of its own."""

    __slots__ = ("_budget", "taken")

    def __init__(self, budget: WindowBudget | None = None) -> None:
        self._budget = budget or WindowBudget()
        #: Bytes of the budget.
        self.taken = 0

    def move(self, announced: Size, before: Size, wanted: Size, each: int = MESSAGE_COST) -> Size:
        """Change a window from `before` to as much of `wanted` as there is room for; returns how large it is then.

        `each`: bytes of memory that a message takes beside its payload, the same for a window at all times.
        """
        wanted = _bounded(announced, wanted)
        smaller = min(before[0], wanted[0]), min(before[1], wanted[1])
        self._take(_cost(announced, smaller, each) - _cost(announced, before, each))
        more = (wanted[0] - smaller[0]) * each + wanted[1] - smaller[1]
        room = max((self._budget.left - self.taken) // 2, 0)
        share = 1.0 if more <= room else room / more
        after = (
            smaller[0] + int((wanted[0] - smaller[0]) * share),
            smaller[1] + int((wanted[1] - smaller[1]) * share),
        )
        self._take(_cost(announced, after, each) - _cost(announced, smaller, each))
        return after

    def _take(self, size: int) -> None:
        self.taken += size
        self._budget.left -= size


class WindowTuner:
    """Decides for one window. Sans-IO: `now` and `trip`, the shortest round trip, are seconds."""

    __slots__ = ("_bytes", "_last", "_least", "_messages", "_rates", "_since")

    def __init__(self) -> None:
        #: Messages and bytes that were taken since then.
        self._messages = self._bytes = 0
        #: The least that has waited since then.
        self._least: Size = _ALL
        self._since: float | None = None
        self._last = 0.0
        #: Of the last round trips: when, and messages and bytes a second that were taken.
        self._rates: deque[tuple[float, float, float]] = deque()

    def took(self, taken: Size, held: Size, whole: Size, announced: Size, now: float, trip: float) -> Size | None:
        """The reactor took `taken`, and `held` wait for it; returns how large the window should be, None: as it is."""
        self._last = now
        if trip < LEAST_TRIP:
            return None
        since = self._since
        if since is None or now - since > RESTS:
            self._begin(now)
            return None
        self._messages += taken[0]
        self._bytes += taken[1]
        self._least = min(self._least, held)
        span = now - since
        if span < trip:
            return None
        rates, least = self._rates, self._least
        rates.append((now, self._messages / span, self._bytes / span))
        self._begin(now)
        while rates[0][0] < now - max(REMEMBERED * trip, REMEMBERED_SECONDS):
            rates.popleft()
        messages, size = max(rate[1] for rate in rates), max(rate[2] for rate in rates)
        if least[0] > announced[0] or least[1] > announced[1]:
            wanted = _bounded(announced, (int(messages * trip) + announced[0], int(size * trip) + announced[1]))
            smaller = min(whole[0], wanted[0]), min(whole[1], wanted[1])
            return smaller if smaller != whole else None
        if least[0] > announced[0] // 2 or least[1] > announced[1] // 2:
            return None
        wanted = _bounded(announced, (int(GAIN * messages * trip), int(GAIN * size * trip)))
        larger = max(whole[0], wanted[0]), max(whole[1], wanted[1])
        return larger if larger[0] > WORTH * whole[0] or larger[1] > WORTH * whole[1] else None

    def _begin(self, now: float) -> None:
        """Measure anew."""
        self._since, self._messages, self._bytes, self._least = now, 0, 0, _ALL

    def rests(self, now: float) -> bool:
        """Nothing has come for so long that the window should be as it was announced."""
        return now - self._last > RESTS


class RestingTuner(WindowTuner):
    """Of a channel that has a rate: its window stays as it was announced, as all credit is paid for."""

    __slots__ = ()

    def took(self, taken: Size, held: Size, whole: Size, announced: Size, now: float, trip: float) -> Size | None:
        """It never grows."""
        return None

    def rests(self, now: float) -> bool:
        """One that had grown before is as it was."""
        return True


def _bounded(announced: Size, wanted: Size) -> Size:
    """Law 1. What was announced larger stays as it is."""
    return (
        max(announced[0], min(wanted[0], MOST_MESSAGES)),
        max(announced[1], min(wanted[1], MOST_BYTES)),
    )


def _cost(announced: Size, whole: Size, each: int) -> int:
    """Bytes that a window takes of the budget."""
    return (whole[0] - announced[0]) * each + whole[1] - announced[1]
