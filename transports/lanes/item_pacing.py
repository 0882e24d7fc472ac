"""The rates of items on one connection: credit of streams goes back no faster than the buckets of the peer refill.

It stands in the doors by which words of credit go out and items come in, so that streams know nothing of it. Where no
channel has a rate it holds nothing.
"""

# Law 1. What comes had credit, or its sender is cut. Items that come for a stream which is over count all the same.
# Law 2. What a stream was granted and may not have yet is owed to it, and is asked for again when it can be paid for:
#        the stream that waited longest first. See `PeerBuckets` for why nobody waits for ever.

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ...actors.base import ProtocolError
from ...actors.messages import Rate
from ..rules import PeerBuckets, PeerRules

__all__ = ["FIRST_ITEMS", "ItemPacing", "StreamPace"]

#: Items and bytes for which an answer in items has credit from the start, where its channel has a rate: one item.
FIRST_ITEMS = (1, 1)
#: Seconds between two looks, at least, where credit comes free as items come.
TICK = 0.02


class Alarm(Protocol):
    """What waits."""

    def cancel(self) -> None:
        """Wait no more."""


class StreamPace:
    """One stream: what its sender may send, and what it is owed. `say` tells it of more."""

    __slots__ = ("begun", "items", "of", "over", "owed", "owed_size", "say", "size")

    def __init__(self, of: RatedItems, say: Callable[[int, int], object], items: int, size: int) -> None:
        self.of = of
        self.say = say
        self.items, self.size = items, size
        self.owed = self.owed_size = 0
        #: Its sender can be told of more.
        self.begun = True
        #: It sends no more.
        self.over = False


class RatedItems:
    """The streams of one channel. `buckets`: None, where it has a rate no more."""

    __slots__ = ("_later", "_now", "_since", "_timer", "buckets", "credit", "own", "stood", "waiting")

    def __init__(
        self, own: Rate | None, now: Callable[[], float], later: Callable[[float, Callable[[], object]], Alarm]
    ) -> None:
        #: What the channel says itself.
        self.own = own
        self.buckets: PeerBuckets | None = None
        #: Items and bytes that may come, on all streams together.
        self.credit = (0, 0)
        self.waiting: dict[StreamPace, None] = {}
        #: Seconds for which credit was held back.
        self.stood = 0.0
        self._since: float | None = None
        self._now, self._later = now, later
        self._timer: Alarm | None = None

    def go_by(self, buckets: PeerBuckets | None) -> None:
        """These are its buckets from now on."""
        if buckets is self.buckets:
            return
        if self.buckets is not None:
            self.buckets.leave(self, self._now())
        self.buckets = buckets
        if buckets is not None:
            buckets.join(self, self._now())
        self.look()

    def move(self, items: int, size: int) -> None:
        """That much credit more is out."""
        self.credit = self.credit[0] + items, self.credit[1] + size

    def owe(self, pace: StreamPace, items: int, size: int) -> None:
        """So much more may come on that stream, when it can be paid for."""
        pace.owed += items
        pace.owed_size += size
        if pace.begun:
            self.waiting[pace] = None
            if self._timer is None:
                self.look()

    def came(self) -> None:
        """Credit was used up: who waits for some that others had may have it."""
        if self.waiting and self._timer is None:
            self._timer = self._later(TICK, self._again)

    def _again(self) -> None:
        self._timer = None
        self.look()

    def look(self) -> None:
        """Pay what can be paid."""
        wait, buckets = 0.0, self.buckets
        for pace in tuple(self.waiting):
            owed = pace.owed, pace.owed_size
            if buckets is None:
                items, size = owed
            else:
                items, size, wait = buckets.pay_items(owed, (pace.items, pace.size), self._now())
            if items or size:
                pace.owed -= items
                pace.owed_size -= size
                pace.items += items
                pace.size += size
                self.move(items, size)
                del self.waiting[pace]
                if pace.owed or pace.owed_size:
                    self.waiting[pace] = None
                pace.say(items, size)
            if wait:
                break  # whoever stands behind waits for the same
        self._note(held=wait > 0.0)
        if wait and self._timer is None:
            self._timer = self._later(max(wait, TICK), self._again)

    def _note(self, *, held: bool) -> None:
        if held and self._since is None:
            self._since = self._now()
        elif not held and self._since is not None:
            self.stood += self._now() - self._since
            self._since = None

    def held(self) -> float:
        """Seconds for which credit was held back, up to now."""
        return self.stood + (0.0 if self._since is None else self._now() - self._since)

    def end(self) -> None:
        """The connection has ended."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._note(held=False)
        self.waiting.clear()
        if self.buckets is not None:
            self.buckets.leave(self, self._now())
            self.buckets = None


class ItemPacing:
    """See the module. `later` calls something in that many seconds."""

    __slots__ = ("_channels", "_later", "_now", "_peer_id", "_rules", "ended", "paces")

    def __init__(
        self,
        rules: PeerRules,
        peer_id: str,
        now: Callable[[], float],
        later: Callable[[float, Callable[[], object]], Alarm],
    ) -> None:
        self._rules = rules
        self._peer_id = peer_id
        self._now, self._later = now, later
        self._channels: dict[str, RatedItems] = {}
        #: By stream: those of channels that have a rate.
        self.paces: dict[object, StreamPace] = {}
        self.ended = False

    def begins(
        self,
        stream: object,
        channel: str,
        own: Rate | None,
        say: Callable[[int, int], object],
        credit: tuple[int, int] = (0, 0),
        *,
        always: bool = False,
    ) -> StreamPace | None:
        """A stream of that channel, whose sender has that much credit. None: there is no rate.

        `own`: the channel's own rate; `always`: also where there is none.
        """
        rated = self._rated(channel, own, always=always)
        if rated is None:
            return None
        pace = self.paces[stream] = StreamPace(rated, say, *credit)
        if rated.buckets is not None:
            rated.buckets.move_items(-credit[0], -credit[1], self._now())
        rated.move(*credit)
        return pace

    def _rated(self, channel: str, own: Rate | None, *, always: bool) -> RatedItems | None:
        rated = self._channels.get(channel)
        if rated is not None:
            return None if rated.buckets is None and not always else rated
        buckets = self._buckets(channel, own)
        if self.ended or (buckets is None and not always):
            return None
        rated = self._channels[channel] = RatedItems(own, self._now, self._later)
        rated.go_by(buckets)
        return rated

    def _buckets(self, channel: str, own: Rate | None) -> PeerBuckets | None:
        rate = self._rules.rates.on(channel, own)
        if rate is None or (rate.messages is None and rate.bytes is None):
            return None
        return self._rules.buckets(self._peer_id, channel, rate, self._now())

    def judge(self) -> None:
        """The rates are other ones."""
        for channel, rated in self._channels.items():
            rated.go_by(self._buckets(channel, rated.own))

    def came(self, stream: object, items: int, size: int, last: int) -> None:
        """Items of `size` bytes came on that one; the last has `last`. Raises ProtocolError without credit."""
        pace = self.paces.get(stream)
        if pace is None:
            return
        pace.items -= items
        pace.size -= size
        pace.of.move(-items, -size)
        if pace.items < 0 or pace.size + last <= 0:
            raise ProtocolError("window_overrun", f"{items} items, {size} bytes on a stream without credit for them")
        if not pace.begun:
            pace.begun = True
            pace.of.owe(pace, 0, 0)
        pace.of.came()

    def late(self, channel: str, items: int, size: int) -> None:
        """The same for a stream that is over, whose credit was given back: they are paid for later."""
        rated = self._channels.get(channel)
        if rated is not None and rated.buckets is not None:
            rated.buckets.move_items(-items, -size, self._now())

    def over(self, stream: object) -> None:
        """Its sender has sent all, or nobody takes more: credit that is left is given back."""
        pace = self.paces.get(stream)
        if pace is None or pace.over:
            return
        pace.over = True
        pace.of.waiting.pop(pace, None)
        pace.of.move(-pace.items, -pace.size)
        if pace.of.buckets is not None:
            pace.of.buckets.move_items(pace.items, pace.size, self._now())
        pace.items = pace.size = 0
        pace.of.came()

    def left(self, stream: object) -> None:
        """Nothing more is known of it."""
        self.over(stream)
        self.paces.pop(stream, None)

    def held_back(self) -> dict[str, float]:
        """Seconds for which credit was held back, by channel."""
        return {name: rated.held() for name, rated in self._channels.items()}

    def end(self) -> None:
        """The connection has ended: what credit is left is given back."""
        self.ended = True
        self.paces.clear()
        for rated in self._channels.values():
            rated.end()
