"""A token bucket for what a peer sends on a channel: credit is paid for by its tokens before the peer has it."""

# Law 1. What all windows of the peer have of credit, and the tokens, are `burst` together at most: so in T seconds
#        there arrive `burst + rate * T` at most, as what arrives had credit.
# Law 2. Credit that a window leaves unused when it ends is given back.
# Law 3. Of what two buckets of one rate lack, as those of messages and of items, time brings each half, and what one
#        does not want to the other: see `PeerBuckets`.
# Law 4. A new connection has a window at once, from tokens that it lends if there are none: it has the next ones when
#        these are paid back. So a connection that takes the place of another stands still no longer than the rate
#        wants; see `owes_much` for a peer that makes new connections for their windows.

from __future__ import annotations

from math import inf

__all__ = ["CreditBucket"]


class CreditBucket:
    """Of messages or of bytes. `rate` a second, `burst` at once; starts full. Times are seconds of any steady clock.

    `least`: tokens that it may come to whatever the windows have.
    """

    __slots__ = ("_at", "_issued", "_least", "burst", "rate", "tokens")

    def __init__(self, rate: float, burst: float, now: float, least: float = -inf) -> None:
        self.rate = rate
        self.burst = burst
        self._least = least
        #: Below 0 for what was lent.
        self.tokens: float = burst
        self._at = now
        #: What the windows had, at the last look.
        self._issued = 0.0

    def fill(self, now: float, issued: float) -> float:
        """Tokens at that time. `issued`: credit that all windows of the peer have now, which counts from here on."""
        return self.pour(self.earned(now), issued)

    def earned(self, now: float) -> float:
        """Tokens that the time since the last look has brought, which are to be poured in now."""
        found, self._at = max(0.0, now - self._at) * self.rate, now
        return found

    @property
    def missing(self) -> float:
        """How many there is room for."""
        # By what they had before: what came in between may have come a moment ago, and the bucket was full until then.
        return max(self.tokens, self.burst - self._issued, self._least) - self.tokens

    def pour(self, tokens: float, issued: float) -> float:
        """As `fill`, of tokens that were earned."""
        self.tokens += min(tokens, self.missing)
        self._issued = issued
        return self.tokens

    def charge(self, count: float) -> None:
        """That much came without credit of a window: it is paid for by what is to come."""
        self.tokens -= count

    def take(self, count: float) -> None:
        """Credit is given to a window: count it in `issued` from the next look on."""
        self.tokens -= count
        self._issued += count

    def give_back(self, count: float) -> None:
        """A window has ended with credit left, which nobody can use any more."""
        self.tokens += count
        self._issued -= count

    def wait(self, count: float) -> float:
        """Seconds until there are that many tokens, if none are taken: 0 where there are."""
        return max(0.0, count - self.tokens) / self.rate

    @property
    def owes_much(self) -> bool:
        """More was lent than may come at once: a new window is as small as may be."""
        return self.tokens < -self.burst
