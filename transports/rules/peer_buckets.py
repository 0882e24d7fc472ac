"""The buckets of one peer on one channel, whichever connections it has: of messages and of bytes.

Items of streams have a burst of their own, so that none holds the credit that tells and asks go by; the rate is one.
"""

# Law 1. In T seconds there come `rate * T` messages and items together, a burst of messages, a burst of items, and one
#        item for each open stream, at most.
# Law 2. Nobody waits for ever. Where messages and items both want tokens, each has half of what time brings; of
#        streams the one that waited longest is next, and has half of what is free, but one item at least.

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

    __slots__ = ("_items", "bytes", "messages", "rate", "shares", "windows")

    def __init__(self, rate: Rate, now: float) -> None:
        self.rate = rate
        self.windows: list[Credited] = []
        #: The items of each connection, which have buckets since there were any.
        self.shares: list[Credited] = []
        self._items: tuple[CreditBucket | None, CreditBucket | None] = (None, None)
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
                self._fill(which, now, window.credit[which] if sign < 0 else 0)
                bucket.take(sign * window.credit[which])

    def _fill(self, which: int, now: float, more: int = 0) -> float:
        """Tokens for messages (0) or their bytes (1), once time has brought what it brings to them and to items.

        `more`: credit that no window has any longer.
        """
        own, items = self.bytes if which else self.messages, self._items[which]
        assert own is not None
        earned = own.earned(now)
        if items is not None:
            to_items = min(items.missing, max(earned / 2, earned - own.missing))
            items.pour(to_items, sum(share.credit[which] for share in self.shares))
            earned -= to_items
        return own.pour(earned, self._issued(which) + more)

    def join(self, share: Credited, now: float) -> None:
        """The items of a connection, with the credit that their streams have: tokens are taken for it, or lent."""
        if not (self.shares or any(self._items)):
            messages, size = (
                None if each is None else CreditBucket(each.rate, each.burst, now, _chunk(each))
                for each in (self.messages, self.bytes)
            )
            self._items = messages, size
        self._part(share, 1, now)
        self.shares.append(share)

    def leave(self, share: Credited, now: float) -> None:
        """No more items come by that connection: credit that is left is given back."""
        self.shares.remove(share)
        self._part(share, -1, now)

    def _part(self, share: Credited, sign: int, now: float) -> None:
        for which, bucket in enumerate(self._items):
            if bucket is not None:
                self._fill(which, now)
                bucket.charge(sign * share.credit[which])

    def move_items(self, messages: int, size: int, now: float) -> None:
        """Give back credit of streams that have ended, which the share counts no more; below 0: it came without any."""
        for which, count in ((0, messages), (1, size)):
            bucket = self._items[which]
            if bucket is not None and count:
                self._fill(which, now)
                bucket.charge(-count)

    def pay_items(self, owed: tuple[int, int], credit: tuple[int, int], now: float) -> tuple[int, int, float]:
        """As `pay`, for a stream that has that much credit. 0, too, where others have all that is there."""
        given, wait = self._pay_items(0, owed[0], credit[0], now)
        size, size_wait = self._pay_items(1, owed[1], credit[1], now)
        return given, size, min(wait or size_wait, size_wait or wait)

    def _pay_items(self, which: int, owed: int, credit: int, now: float) -> tuple[int, float]:
        bucket = self._items[which]
        if bucket is None or owed <= 0:
            return owed, 0.0
        self._fill(which, now)
        tokens, enough = bucket.tokens + _ALMOST, min(owed, int(_chunk(bucket)))
        free = int(bucket.burst - sum(share.credit[which] for share in self.shares)) // 2
        most = min(owed, max(1, free) if credit <= 0 else free)
        if credit > 0 and most < enough:
            return 0, 0.0
        enough = min(enough, most)
        if tokens < enough:
            return 0, bucket.wait(enough)
        given = int(min(most, tokens))
        bucket.take(given)
        return given, 0.0 if given == most else bucket.wait(min(owed - given, enough))

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
        tokens = self._fill(which, now) + _ALMOST
        if tokens >= owed:
            bucket.take(owed)
            return owed, 0.0
        chunk = min(owed, _chunk(bucket))
        given = int(tokens) if tokens >= (1 if at_once else chunk) else 0
        bucket.take(given)
        return given, bucket.wait(min(owed - given, chunk))

    def levels(self, now: float) -> tuple[float | None, float | None]:
        """What may be granted at once, in messages and bytes; None without such a limit."""
        messages = None if self.messages is None else self._fill(0, now)
        return messages, None if self.bytes is None else self._fill(1, now)

    def _issued(self, which: int) -> int:
        return sum(window.credit[which] for window in self.windows)

    @property
    def owes_much(self) -> bool:
        """As `CreditBucket.owes_much`, of either."""
        return any(bucket is not None and bucket.owes_much for bucket in (self.messages, self.bytes))

    @property
    def in_use(self) -> bool:
        """A connection goes by them."""
        return bool(self.windows or self.shares)

    def is_full(self, now: float) -> bool:
        """Nothing need be remembered: they are as new ones would be."""
        if self.in_use:
            return False
        for which, bucket in ((0, self.messages), (1, self.bytes)):
            if bucket is not None and self._fill(which, now) + _ALMOST < bucket.burst:
                return False
        return all(each is None or each.tokens + _ALMOST >= each.burst for each in self._items)


def _chunk(bucket: CreditBucket) -> float:
    """What is saved up for, at least."""
    return max(1.0, bucket.rate * TICK)
