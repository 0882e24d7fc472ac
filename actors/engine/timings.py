"""How long handlers take, by channel: histograms with fixed bounds, of samples, so that it costs a message nothing."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from threading import Lock
from time import monotonic

__all__ = ["BOUNDS", "SAMPLED", "HistogramView", "Timings", "clock"]

#: Upper bounds of the buckets, in seconds; above the last there is one more.
BOUNDS = (0.00001, 0.0001, 0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0)
#: One turn in so many is timed, by the number of messages that the mailbox has had: a prime, as senders like batches of
#: round numbers.
SAMPLED = 61

#: The clock that turns are timed by: the loop's own may stand still within a turn.
clock = monotonic


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


class Timings:
    """Those of one bus. From any thread."""

    __slots__ = ("_by_channel", "_lock")

    def __init__(self) -> None:
        self._by_channel: dict[str, _Histogram] = {}
        self._lock = Lock()

    def took(self, channel: str, seconds: float, messages: int = 1) -> None:
        """So many messages of a channel were handled in these seconds, together: each took its part."""
        each = seconds / messages
        with self._lock:
            found = self._by_channel.get(channel)
            if found is None:
                found = self._by_channel[channel] = _Histogram()
            found.counts[bisect_left(BOUNDS, each)] += messages
            found.total += seconds

    def views(self) -> dict[str, HistogramView]:
        """What was seen so far, by channel."""
        with self._lock:
            return {
                channel: HistogramView(BOUNDS, tuple(found.counts), found.total)
                for channel, found in self._by_channel.items()
            }
