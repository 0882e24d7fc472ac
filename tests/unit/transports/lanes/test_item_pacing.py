"""Credit for items goes out as the rate of their channel lets it, and what is over it waits for its turn."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from peerbus.actors import ProtocolError, Rate
from peerbus.transports.lanes import ItemPacing
from peerbus.transports.rules import PeerRates, PeerRules


@dataclass(order=True)
class Timer:
    at: float
    order: int
    call: Callable[[], object] = field(compare=False)
    wanted: bool = field(default=True, compare=False)

    def cancel(self) -> None:
        self.wanted = False


class Clock:
    """Time that is moved by hand, and what waits for it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[Timer] = []
        self.count = 0

    def later(self, after: float, call: Callable[[], object]) -> Timer:
        self.count += 1
        timer = Timer(self.now + after, self.count, call)
        heapq.heappush(self.timers, timer)
        return timer

    def run(self, seconds: float) -> None:
        until = self.now + seconds
        while self.timers and self.timers[0].at <= until:
            timer = heapq.heappop(self.timers)
            self.now = max(self.now, timer.at)
            if timer.wanted:
                timer.call()
        self.now = until


class Scene:
    """A connection of one peer, whose streams send whatever they have credit for, at once, and are read at once."""

    def __init__(self, rate: Rate | None, rules: PeerRules | None = None) -> None:
        self.clock = Clock()
        self.rules = rules or PeerRules(rates=PeerRates(rate))
        self.pacing = ItemPacing(self.rules, "peer", lambda: self.clock.now, self.clock.later)
        self.came: dict[str, int] = {}
        self.silent: set[str] = set()

    def open(self, stream: str, window: tuple[int, int] = (1024, 1 << 20), size: int = 1) -> None:
        self.came[stream] = 0
        pace = self.pacing.begins(stream, "store", None, lambda _items, _size: self._granted(stream, size))
        assert pace is not None
        pace.of.owe(pace, *window)

    def _granted(self, stream: str, size: int) -> None:
        if stream not in self.silent:
            self.clock.later(0.0, lambda: self._send(stream, size))

    def _send(self, stream: str, size: int) -> None:
        pace = self.pacing.paces[stream]
        while pace.items > 0 and pace.size > 0:
            self.pacing.came(stream, 1, size, size)
            self.came[stream] += 1
            pace.of.owe(pace, 1, size)


def test_where_no_channel_has_a_rate_there_is_nothing_to_hold() -> None:
    scene = Scene(None)
    assert scene.pacing.begins("a", "store", None, print) is None
    assert Scene(Rate(asks=3)).pacing.begins("a", "store", None, print) is None
    assert not scene.pacing.paces


def test_a_stream_has_a_burst_and_what_is_refilled_and_says_for_how_long_it_waited() -> None:
    scene = Scene(Rate(messages=100, messages_burst=20))
    scene.open("a")
    scene.clock.run(10)
    assert 990 <= scene.came["a"] <= 1021
    assert scene.pacing.held_back()["store"] > 5


def test_many_streams_share_it_and_those_that_send_nothing_stop_nobody() -> None:
    scene = Scene(Rate(messages=100, messages_burst=20))
    scene.silent = {f"silent {number}" for number in range(50)}
    for name in sorted(scene.silent):
        scene.open(name)
    scene.clock.run(5)
    for number in range(4):
        scene.open(f"busy {number}")
    scene.clock.run(10)
    came = [count for name, count in scene.came.items() if name.startswith("busy")]
    assert 900 <= sum(came) <= 1020 + 54
    assert min(came) >= max(came) / 2


def test_credit_that_a_stream_leaves_is_given_back_and_what_comes_too_late_is_paid_for() -> None:
    scene = Scene(Rate(messages=1, messages_burst=20))
    scene.silent = {"a"}
    scene.open("a")
    assert scene.pacing.paces["a"].items == 10
    scene.pacing.over("a")
    scene.pacing.left("a")
    scene.open("b")
    scene.clock.run(0.1)
    assert 19 <= scene.came["b"] <= 21
    scene.pacing.late("store", 30, 30)
    scene.clock.run(30)
    assert scene.came["b"] <= 21 + 2
    scene.clock.run(10)
    assert scene.came["b"] >= 25


def test_whoever_sends_more_than_it_has_credit_for_breaks_the_protocol() -> None:
    scene = Scene(Rate(messages=1, messages_burst=20))
    scene.silent = {"a"}
    scene.open("a")
    scene.pacing.came("a", 10, 10, 1)
    with pytest.raises(ProtocolError) as broken:
        scene.pacing.came("a", 1, 1, 1)
    assert broken.value.reason == "window_overrun"


def test_an_item_larger_than_the_burst_gets_through_and_is_paid_for() -> None:
    scene = Scene(Rate(bytes=1000, bytes_burst=100))
    scene.open("a", (1, 1 << 20), size=5000)
    scene.clock.run(50)
    assert 9 <= scene.came["a"] <= 12


def test_other_rates_hold_for_streams_that_are_open_and_none_lets_all_of_it_go() -> None:
    scene = Scene(Rate(messages=10, messages_burst=10))
    scene.silent = {"a"}
    scene.open("a")
    before = scene.pacing.paces["a"].items
    scene.rules.rates = PeerRates(Rate(messages=10, messages_burst=100))
    scene.pacing.judge()
    assert before < scene.pacing.paces["a"].items <= 100
    scene.rules.rates = PeerRates()
    scene.pacing.judge()
    assert scene.pacing.paces["a"].items == 1024


def test_a_new_connection_goes_by_the_same_buckets_and_the_end_of_one_gives_back_what_it_had() -> None:
    rules = PeerRules(rates=PeerRates(Rate(messages=1, messages_burst=20)))
    first, second = Scene(None, rules), Scene(None, rules)
    first.open("a")
    first.clock.run(0.1)
    assert first.came["a"] >= 19
    second.open("b")
    second.clock.run(0.1)
    assert second.came["b"] <= 2
    first.pacing.end()
    assert not first.pacing.paces
    assert first.pacing.begins("c", "store", None, print) is None


def test_an_answer_is_told_of_more_only_when_its_first_item_has_come() -> None:
    scene = Scene(Rate(messages=10, messages_burst=10))
    told: list[tuple[int, int]] = []
    pace = scene.pacing.begins("a", "store", None, lambda items, size: told.append((items, size)), (1, 1))
    assert pace is not None
    pace.begun, pace.owed, pace.owed_size = False, 1023, 1000
    scene.clock.run(5)
    assert told == []
    scene.pacing.came("a", 1, 100, 100)
    assert told != []


def test_asyncio_can_be_what_calls_later() -> None:
    async def later() -> None:
        loop = asyncio.get_running_loop()
        pacing = ItemPacing(PeerRules(rates=PeerRates(Rate(messages=1000))), "peer", loop.time, loop.call_later)
        pace = pacing.begins("a", "store", None, print)
        assert pace is not None
        pace.of.owe(pace, 1, 1)
        pacing.end()

    asyncio.run(later())
