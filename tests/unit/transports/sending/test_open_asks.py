"""An ask that was written has a number of its own until it ends, and ends with what the peer says of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest
from kept_writer import KeptWriter

from peerbus.actors import (
    Channel,
    PeerGone,
    ShuttingDown,
)
from peerbus.actors.engine.timings import SAMPLED, Timings
from peerbus.transports.lanes.batch import Outgoing
from peerbus.transports.lanes.out_lane import OutLane
from peerbus.transports.lanes.outbox import Outbox
from peerbus.transports.lanes.remote_ask import RemoteAsk
from peerbus.transports.sending.open_asks import OpenAsks
from peerbus.transports.wire.frame_decoder import FrameDecoder
from peerbus.transports.wire.frames import FRAME_LIMIT, Cancel, Reply
from peerbus.transports.wire.payload import ChannelCodec


@dataclass(frozen=True)
class Get:
    number: int


CODEC = ChannelCodec(Channel("store", messages=(Get,)))


class Desk:
    """The open asks of a link with one lane."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.timings = Timings()
        self.asks = OpenAsks(self.loop, KeptWriter(), self.timings)
        self.outbox = self.asks.outbox = Outbox(self.asks.ids, self.asks.not_written)
        self.lane = OutLane(0, CODEC.info, CODEC, lambda lane: None)

    def write(self) -> RemoteAsk[object]:
        """An ask that has just been written."""
        ask: RemoteAsk[object] = RemoteAsk(loop=self.loop)
        ask.message, ask.reply_type, ask.lane, ask.slot = Get(1), None, self.lane, None
        ask.abandon = self.asks.abandon
        ask.written = self.loop.time()
        outgoing = Outgoing(Get(1), None, ask, float("inf"), None, 1, None, float("inf"), 1, 0, b"x")
        ask.rid = self.asks.ids.give(self.lane, outgoing)
        return ask

    def cancelled(self) -> list[int]:
        data = b"".join(map(bytes, self.outbox.fill(0.0, 1 << 16)))
        return [frame.rid for frame in FrameDecoder(FRAME_LIMIT).feed(data) if isinstance(frame, Cancel)]


async def test_an_answer_ends_its_ask_and_a_second_one_is_counted_as_unsolicited() -> None:
    desk = Desk()
    ask = desk.write()
    answer = CODEC.encode_reply(5, 1000, 0)
    for _ in range(2):
        desk.asks.replied(desk.lane, Reply(0, [(ask.rid, *answer)]))
    assert await ask == 5
    assert (desk.asks.unsolicited, desk.lane.open_asks) == (1, 0)


async def test_an_ask_that_nobody_waits_for_any_more_is_cancelled_at_the_peer() -> None:
    desk = Desk()
    ask = desk.write()
    ask.cancel()
    await asyncio.sleep(0)
    assert desk.cancelled() == [ask.rid]
    assert desk.asks.by_rid == {}


async def test_an_ask_that_the_peer_refuses_ends_with_its_error_once() -> None:
    desk = Desk()
    ask = desk.write()
    desk.asks.failed(desk.lane, ask.rid, ShuttingDown("it is late"))
    with pytest.raises(ShuttingDown):
        await ask
    desk.asks.failed(desk.lane, ask.rid, ShuttingDown("it is late"))
    assert desk.asks.unsolicited == 1


async def test_asks_that_are_open_end_with_the_connection() -> None:
    desk = Desk()
    asks = [desk.write() for _ in range(3)]
    desk.asks.forget(asks[0])
    asks[0].fail(PeerGone("by itself"))
    desk.asks.lost("the cable")
    assert desk.lane.open_asks == 0
    for ask, why in zip(asks, ("by itself", "the cable", "the cable"), strict=True):
        with pytest.raises(PeerGone, match=why):
            await ask


async def test_how_long_one_answer_in_some_took_is_kept() -> None:
    desk = Desk()
    answer = CODEC.encode_reply(5, 1000, 0)
    for _ in range(2 * SAMPLED):
        ask = desk.write()
        desk.asks.replied(desk.lane, Reply(0, [(ask.rid, *answer)]))
    assert desk.timings.asks()["remote"]["store"].count == 2
