"""The rates of one connection: which window each channel has, and when credit that is held back is looked for again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextvars import Context
from functools import partial
from typing import Protocol

from ...actors.messages import Rate
from ..lanes import InLane, ItemPacing, RatedWindow, RateView, RestingTuner, WindowTuner, unrated
from ..rules import PeerRules
from ..wire import ChannelInfo

__all__ = ["RateKeeping", "rates_of"]


class Paced(Protocol):
    """Streams of one connection."""

    #: What holds their items to the rates.
    pacing: ItemPacing | None

    def judged(self) -> None:
        """The rates are other ones: streams that are open go by them too."""


class RateKeeping:
    """Those of the peer `peer_id`."""

    __slots__ = ("_call_later", "_ended", "_held", "_items", "_now", "_peer_id", "_rules", "_streams", "_timers")

    def __init__(self, rules: PeerRules, peer_id: str, loop: asyncio.AbstractEventLoop, context: Context) -> None:
        self._rules = rules
        self._peer_id = peer_id
        self._now = loop.time
        self._call_later: Callable[..., asyncio.TimerHandle] = partial(loop.call_later, context=context)
        #: By lane, when it is looked at.
        self._timers: dict[InLane, asyncio.TimerHandle] = {}
        self._ended = False
        #: Seconds for which windows that were replaced since had held credit back, by channel.
        self._held: dict[str, float] = {}
        self._items = ItemPacing(rules, peer_id, loop.time, self._call_later)
        self._streams: tuple[Paced, ...] = ()

    def pace(self, *streams: Paced) -> None:
        """Hold these to the rates as well."""
        self._streams = streams
        for each in streams:
            each.pacing = self._items

    def judge_items(self) -> None:
        """The rates are other ones: streams, too, go by them from now on."""
        self._items.judge()
        for each in self._streams:
            each.judged()

    def announced(self, info: ChannelInfo, own: Rate | None) -> ChannelInfo:
        """As `PeerRules.announced`, to this peer."""
        return self._rules.announced(info, own, self._peer_id)

    def judge(self, lane: InLane) -> None:
        """Give a channel the window that its rate wants, from now on."""
        rate, window = self._rules.rates.on(lane.info.name, lane.codec.channel.rate), lane.window
        if self._ended or (window.rate if isinstance(window, RatedWindow) else None) == rate:
            return
        if isinstance(window, RatedWindow):
            self._free(lane, window)
            lane.window, lane.tuner = unrated(window), WindowTuner()
        if rate is not None:
            buckets = self._rules.buckets(self._peer_id, lane.info.name, rate, self._now())
            lane.limit_asks(rate.asks)
            lane.window = RatedWindow(lane.window, buckets, lane.asks, self._now, partial(self._again, lane))
            lane.tuner = RestingTuner()
            if lane.asks is not None:
                lane.asks.freed = lane.look
        if isinstance(window, RatedWindow):
            lane.look()  # what was held back by the old one may go

    def _again(self, lane: InLane, after: float) -> None:
        if lane not in self._timers:
            self._timers[lane] = self._call_later(after, self._look, lane)

    def _look(self, lane: InLane) -> None:
        del self._timers[lane]
        lane.look()

    def _free(self, lane: InLane, window: RatedWindow) -> None:
        timer = self._timers.pop(lane, None)
        if timer is not None:
            timer.cancel()
        lane.limit_asks(None)
        window.end()
        self._held[lane.info.name] = self._held.get(lane.info.name, 0.0) + window.stood

    def held_back(self, lanes: Iterable[InLane]) -> dict[str, float]:
        """Seconds for which credit was held back, by channel."""
        found = dict(self._held)
        for name, seconds in self._items.held_back().items():
            found[name] = found.get(name, 0.0) + seconds
        for lane in lanes:
            if isinstance(lane.window, RatedWindow) and not self._ended:
                found[lane.info.name] = found.get(lane.info.name, 0.0) + lane.window.stood
        return found

    def end(self, lanes: Iterable[InLane]) -> None:
        """The connection has ended: what credit is left is given back, and nothing points back to it."""
        self._ended = True
        self._items.end()
        self._streams = ()
        for lane in lanes:
            if isinstance(lane.window, RatedWindow):
                self._free(lane, lane.window)


def rates_of(lanes: Iterable[InLane]) -> Mapping[str, RateView]:
    """What the rate of each channel comes to; channels without one are left out."""
    return {lane.info.name: lane.window.view() for lane in lanes if isinstance(lane.window, RatedWindow)}
