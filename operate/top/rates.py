"""Counters, read from time to time, as rates a second, with what they were before."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Mapping, Sequence

__all__ = ["Rates"]

#: Values of one rate that are kept: what the widest line of blocks shows.
KEPT = 60
#: Seconds after which a counter that is read no more is forgotten.
FORGET = 120.0


class _Counter:
    __slots__ = ("at", "rate", "rates", "value")

    def __init__(self, at: float, value: float) -> None:
        self.at = at
        self.value = value
        self.rate: float | None = None
        self.rates: deque[float] = deque(maxlen=KEPT)


class Rates:
    """See the module. `now` is a clock that never jumps, in seconds."""

    def __init__(self) -> None:
        self._run: Hashable = None
        self._counters: dict[Hashable, _Counter] = {}

    def feed(self, now: float, run: Hashable, counters: Mapping[Hashable, float]) -> None:
        """Counters as they stand now. `run`: of which process they are; those of another begin anew."""
        if run != self._run:
            self._run = run
            self._counters.clear()
        for key, value in counters.items():
            counter = self._counters.get(key)
            if counter is None or value < counter.value:  # one that has begun anew, as of a peer that came back
                self._counters[key] = _Counter(now, value)
            elif now > counter.at:
                counter.rate = (value - counter.value) / (now - counter.at)
                counter.rates.append(counter.rate)
                counter.at, counter.value = now, value
        for key in [key for key, counter in self._counters.items() if now - counter.at > FORGET]:
            del self._counters[key]

    def rate(self, key: Hashable) -> float | None:
        """A second, between the last two looks; None before there were two."""
        counter = self._counters.get(key)
        return None if counter is None else counter.rate

    def total(self, keys: Iterable[Hashable]) -> float | None:
        """The sum of those that are known; None where none is."""
        known = [rate for rate in map(self.rate, keys) if rate is not None]
        return sum(known) if known else None

    def history(self, key: Hashable) -> Sequence[float]:
        """The last rates, the oldest first."""
        counter = self._counters.get(key)
        return () if counter is None else tuple(counter.rates)
