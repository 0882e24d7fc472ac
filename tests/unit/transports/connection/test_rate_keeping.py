"""The rates of one connection: which window a channel has, and what of it outlives the connection."""

from __future__ import annotations

import asyncio
import contextvars

from peerbus.actors import Channel, Message, Rate
from peerbus.transports.connection.rate_keeping import RateKeeping, rates_of
from peerbus.transports.lanes import InLane, RatedWindow, RestingTuner, WindowTuner
from peerbus.transports.lanes.ask_limit import AskLimit
from peerbus.transports.lanes.credit import ReceiveWindow
from peerbus.transports.rules import PeerRates, PeerRules
from peerbus.transports.wire import ChannelCodec

ANN = "a" * 64


class Note(Message):
    number: int


class Side:
    """The connection's receiving half."""

    def __init__(self) -> None:
        self.answers = type("Answers", (), {"now": float})()
        self.looked = asyncio.Event()

    def release(self, lane: InLane, messages: int, size: int) -> None:
        lane.window.release(size, messages)
        lane.window.due()
        self.looked.set()


def lane_of(side: Side, own: Rate | None = None) -> InLane:
    codec = ChannelCodec(Channel("desk", messages=(Note,), window=10, rate=own))
    return InLane(side, 0, codec.info, codec)  # type: ignore[arg-type]


def keeping_of(rules: PeerRules) -> RateKeeping:
    return RateKeeping(rules, ANN, asyncio.get_running_loop(), contextvars.copy_context())


async def test_a_channel_has_the_window_that_its_rate_wants_and_a_plain_one_without() -> None:
    rules, lane = PeerRules(), lane_of(Side())
    keeping, plain = keeping_of(rules), lane.window
    keeping.judge(lane)
    assert lane.window is plain
    rules.set(rates=PeerRates(Rate(messages=5, asks=2)))
    keeping.judge(lane)
    rated = lane.window
    keeping.judge(lane)  # nothing has changed
    assert lane.window is rated
    assert [type(each) for each in (rated, lane.tuner, lane.asks)] == [RatedWindow, RestingTuner, AskLimit]
    assert list(rates_of([lane])) == ["desk"]
    rules.set(rates=PeerRates())
    keeping.judge(lane)
    assert [type(each) for each in (lane.window, lane.tuner)] == [ReceiveWindow, WindowTuner]
    assert (lane.asks, rates_of([lane])) == (None, {})


async def test_credit_that_is_held_back_is_looked_for_by_itself() -> None:
    side = Side()
    lane = lane_of(side, Rate(messages=1000, messages_burst=10))
    keeping = keeping_of(PeerRules())
    keeping.judge(lane)
    for _ in range(10):
        lane.window.receive(1)
    side.release(lane, 10, 10)
    side.looked.clear()
    await side.looked.wait()
    assert lane.window.owed[0] < 10
    keeping.end([lane])
    assert keeping.held_back([lane])["desk"] > 0


async def test_a_peer_is_told_of_no_larger_a_window_than_it_may_fill_at_once_and_less_where_it_owes_much() -> None:
    rules = PeerRules(rates=PeerRates(Rate(messages=5, bytes=100, asks=3)))
    lane = lane_of(Side())
    told = keeping_of(rules).announced(lane.info, None)
    assert (told.messages, told.bytes) == (3, 100)
    assert keeping_of(PeerRules()).announced(lane.info, None) is lane.info
    for _ in range(3):
        keeping_of(rules).judge(lane_of(Side()))
    told = keeping_of(rules).announced(lane.info, None)
    assert (told.messages, told.bytes) == (1, 1)
    other = rules.announced(lane.info, None, "b" * 64)
    assert other.messages == 3
