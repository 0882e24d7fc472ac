"""How long messages stay, handlers take and asks last, by channel: histograms with fixed bounds.

Of samples, so that it costs a message nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from threading import Lock
from time import monotonic
from typing import TypeVar

from ..mailbox import Side

__all__ = ["BOUNDS", "SAMPLED", "HistogramView", "Timings"]

K = TypeVar("K", bound=Hashable)

#: Upper bounds of the buckets, in seconds; above the last there is one more.
BOUNDS = (0.00001, 0.0001, 0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0)
#: One message in this many is measured, with the turn that it is handled in, by the number of messages that the mailbox
#: has had: a prime, as senders like batches of round numbers.
SAMPLED = 127


@dataclass(frozen=True, slots=True)
class HistogramView:
    """Samples by bucket, those above the last bound at the end; `total`: the seconds of all of them together."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    total: float

    @property
    def count(self) -> int:
        """Samples in all."""
        return sum(self.counts)


class _Histogram:
    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.total = 0.0

    def add(self, seconds: float, times: int = 1) -> None:
        """Count `times` samples of `seconds` each."""
        self.counts[bisect_left(BOUNDS, seconds)] += times
        self.total += seconds * times

    def view(self) -> HistogramView:
        """What was seen so far."""
        return HistogramView(BOUNDS, tuple(self.counts), self.total)


class Timings:
    """Those of one bus. From any thread."""

    __slots__ = ("_answered", "_lock", "_took", "_waited", "clock")

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        #: What turns are timed by: the loop's own may stand still within a turn.
        self.clock = clock
        self._took: dict[str, _Histogram] = {}
        self._waited: dict[str, _Histogram] = {}
        self._answered: dict[tuple[Side, str], _Histogram] = {}
        self._lock = Lock()

    def took(self, channel: str, seconds: float, messages: int = 1) -> None:
        """`messages` of a channel were handled in `seconds` together: each counts with its part of them."""
        with self._lock:
            _histogram(self._took, channel).add(seconds / messages, messages)

    def waited(self, channel: str, seconds: float) -> None:
        """A message stayed in its mailbox for so long."""
        with self._lock:
            _histogram(self._waited, channel).add(seconds)

    def answered(self, side: Side, channel: str, seconds: float) -> None:
        """An ask was over after so long."""
        with self._lock:
            _histogram(self._answered, (side, channel)).add(seconds)

    def asking(self, side: Side, channel: str) -> Callable[[object], None]:
        """An ask begins now: what is to be called when it is over."""
        began = self.clock()
        return lambda _: self.answered(side, channel, self.clock() - began)

    def handling(self) -> dict[str, HistogramView]:
        """How long handlers took, by channel."""
        with self._lock:
            return {channel: found.view() for channel, found in self._took.items()}

    def staying(self) -> dict[str, HistogramView]:
        """How long messages stayed in mailboxes, by channel."""
        with self._lock:
            return {channel: found.view() for channel, found in self._waited.items()}

    def asks(self) -> dict[str, dict[str, HistogramView]]:
        """How long asks took, by side and channel."""
        found: dict[str, dict[str, HistogramView]] = {}
        with self._lock:
            for (side, channel), histogram in self._answered.items():
                found.setdefault(side.value, {})[channel] = histogram.view()
        return found


def _histogram(table: dict[K, _Histogram], key: K) -> _Histogram:
    found = table.get(key)
    if found is None:
        found = table[key] = _Histogram()
    return found
