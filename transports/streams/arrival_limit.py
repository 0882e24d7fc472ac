"""How many connections a second one address may open, before anything is spent on them."""

from __future__ import annotations

from .sources import source_of

__all__ = ["ArrivalLimit"]


class ArrivalLimit:
    """Counts arrivals per address (for IPv6 per /64) in windows of one second.

    Its memory is what arrived in the last second: the table is thrown away at each window.
    """

    __slots__ = ("_counts", "_per_second", "_window_ends")

    def __init__(self, per_second: int) -> None:
        if per_second < 1:
            raise ValueError(f"at least one connection a second, got {per_second}")
        self._per_second = per_second
        self._window_ends = float("-inf")
        self._counts: dict[str, int] = {}

    def admit(self, host: str, now: float) -> bool:
        """Count an arrival from `host` (an IP address) and tell whether it may stay."""
        if now >= self._window_ends:
            self._window_ends = now + 1.0
            self._counts.clear()
        key = source_of(host)
        count = self._counts.get(key, 0) + 1
        self._counts[key] = count
        return count <= self._per_second
