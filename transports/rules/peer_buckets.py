"""The buckets of one peer on one channel, whichever connections it has: of messages and of bytes."""

from __future__ import annotations

from typing import Protocol

from ...actors.messages import Rate
from .credit_bucket import CreditBucket

__all__ = ["Credited", "PeerBuckets"]

#: Seconds that credit which is held back is saved up for: a frame for each message would cost more than the message.
TICK = 0.02
#: By how much sums of fractions may miss a whole one.
_ALMOST = 1e-9


class Credited(Protocol):
    """A window: what the peer may send on one connection now."""

    @property
    def credit(self) -> tuple[int, int]:
        """Messages and bytes."""


class PeerBuckets:
    """See the module. `rate`: what they are made by; one of its limits may be none."""

    __slots__ = ("bytes", "messages", "rate", "windows")

    def __init__(self, rate: Rate, now: float) -> None:
        self.rate = rate
        self.windows: list[Credited] = []
        self.messages = None if rate.messages is None else CreditBucket(rate.messages, rate.most_messages, now)
        self.bytes = None if rate.bytes is None else CreditBucket(rate.bytes, rate.most_bytes, now)

    def open(self, window: Credited, now: float) -> None:
        """A window begins, with the credit that it has: tokens are taken for it, or lent."""
        self._move(window, 1, now)
        self.windows.append(window)

    def close(self, window: Credited, now: float) -> None:
        """It has ended: what it had is given back."""
        self.windows.remove(window)
        self._move(window, -1, now)

    def _move(self, window: Credited, sign: int, now: float) -> None:
        for bucket, which in ((self.messages, 0), (self.bytes, 1)):
            if bucket is not None:
                bucket.fill(now, self._issued(which) + (window.credit[which] if sign < 0 else 0))
                bucket.take(sign * window.credit[which])

    def pay(self, messages: int, size: int, now: float, *, at_once: bool) -> tuple[int, int, float]:
        """How much of what is owed can be granted now, which is taken, and in how many seconds to ask again; 0: never.

        `at_once`: however little it is.
        """
        given, wait = self._pay(self.messages, 0, messages, now, at_once)
        bytes_given, bytes_wait = self._pay(self.bytes, 1, size, now, at_once)
        return given, bytes_given, min(wait or bytes_wait, bytes_wait or wait)

    def _pay(self, bucket: CreditBucket | None, which: int, owed: int, now: float, at_once: bool) -> tuple[int, float]:
        if bucket is None or owed <= 0:
            return owed, 0.0
        tokens = bucket.fill(now, self._issued(which)) + _ALMOST
        if tokens >= owed:
            bucket.take(owed)
            return owed, 0.0
        chunk = min(owed, max(1.0, bucket.rate * TICK))
        given = int(tokens) if tokens >= (1 if at_once else chunk) else 0
        bucket.take(given)
        return given, bucket.wait(min(owed - given, chunk))

    def levels(self, now: float) -> tuple[float | None, float | None]:
        """What may be granted at once, in messages and bytes; None without such a limit."""
        messages = None if self.messages is None else self.messages.fill(now, self._issued(0))
        return messages, None if self.bytes is None else self.bytes.fill(now, self._issued(1))

    def _issued(self, which: int) -> int:
        return sum(window.credit[which] for window in self.windows)

    @property
    def owes_much(self) -> bool:
        """As `CreditBucket.owes_much`, of either."""
        return any(bucket is not None and bucket.owes_much for bucket in (self.messages, self.bytes))

    def is_full(self, now: float) -> bool:
        """Nothing need be remembered: they are as new ones would be."""
        if self.windows:
            return False
        buckets = [bucket for bucket in (self.messages, self.bytes) if bucket is not None]
        return all(bucket.fill(now, 0) + _ALMOST >= bucket.burst for bucket in buckets)
