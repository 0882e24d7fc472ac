"""A token bucket: a number at once, and a rate in the long run."""

from __future__ import annotations

__all__ = ["TokenBucket"]


class TokenBucket:
    """Holds at most `most` tokens, gets `rate` of them a second, and starts full. Fractions count."""

    __slots__ = ("_at", "_most", "_rate", "_tokens")

    def __init__(self, most: float, rate: float, now: float) -> None:
        self._most = most
        self._rate = rate
        self._tokens = most
        self._at = now

    def take(self, now: float) -> bool:
        """Take one token; False, and nothing taken, where there is not a whole one."""
        self._fill(now)
        # Sums of fractions may miss a whole one by the last bit.
        if self._tokens < 1.0 - 1e-9:
            return False
        self._tokens -= 1.0
        return True

    def give_back(self, now: float) -> None:
        """One token was taken for nothing."""
        self._fill(now)
        self._tokens = min(self._most, self._tokens + 1.0)

    def ready_at(self, now: float) -> float:
        """When there is a whole token, if nobody takes one: `now` or later."""
        self._fill(now)
        return now + max(0.0, 1.0 - self._tokens) / self._rate

    def _fill(self, now: float) -> None:
        self._tokens = min(self._most, self._tokens + max(0.0, now - self._at) * self._rate)
        self._at = max(self._at, now)
