"""How long a peer that said GOAWAY is waited for: as long as it said, and as long as anything is under way with it."""

from __future__ import annotations

from math import ceil

__all__ = ["GOODBYE_TIMEOUT", "LONGEST_GOODBYE", "Farewell", "milliseconds"]

#: Seconds beyond what the peer said that it may take to close, and that may pass without anything under way.
GOODBYE_TIMEOUT = 10.0
#: Seconds that a goodbye may take, whatever the peer says and does: an hour, as a long shutdown may take.
LONGEST_GOODBYE = 3600.0


class Farewell:
    """What a peer's GOAWAY said, and when this side closes if the peer does not. Sans-IO: `now` in seconds.

    `within`: seconds that the peer still uses the connection, 0 where it did not say.
    """

    __slots__ = ("_last", "_limit", "_open", "_until", "reason", "text")

    def __init__(self, reason: str, text: str, within: float, now: float) -> None:
        self.reason = reason
        self.text = text
        self._last = now
        self._open = False
        self._until = now + min(within, LONGEST_GOODBYE) + GOODBYE_TIMEOUT
        self._limit = now + LONGEST_GOODBYE + GOODBYE_TIMEOUT

    def came(self, now: float) -> None:
        """A frame came that is no heartbeat."""
        self._last = now

    def look(self, now: float, *, asks_open: bool) -> float:
        """When to close as far as is known; now, or before it: at once. Look again then."""
        if asks_open or self._open:  # they may have ended just before
            self._last = now
        self._open = asks_open
        return min(self._limit, max(self._until, self._last + GOODBYE_TIMEOUT))


def milliseconds(seconds: float) -> int:
    """Seconds as GOAWAY says them, not less than they are; more than the receiver waits need not be said."""
    return ceil(min(max(seconds, 0.0), LONGEST_GOODBYE) * 1000)
