"""How long senders stood for credit, all together: their number, over the time that each number lasted."""

from __future__ import annotations

from time import monotonic

__all__ = ["StandingTime"]


class StandingTime:
    """See the module. Whoever has the senders says how many they are, before that changes."""

    __slots__ = ("_since", "_total")

    def __init__(self) -> None:
        self._total = 0.0
        self._since = monotonic()

    def count(self, standing: int) -> float:
        """`standing` senders have stood since the last call; returns the seconds of all, from the beginning."""
        now = monotonic()
        self._total += standing * (now - self._since)
        self._since = now
        return self._total
