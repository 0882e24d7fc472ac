"""Items of streams in an outbox: frames, turns, what waits, and what became of each."""

from __future__ import annotations

import msgspec
import pytest
from kept_writer import KeptWriter

from peerbus.actors import MessageTooLarge, ProtocolError, SendError
from peerbus.actors.mailbox import ItemCounts
from peerbus.transports.lanes.item_queue import UNWRITTEN, ItemQueue
from peerbus.transports.lanes.lane_turn import LaneTurn, ReplyLane
from peerbus.transports.lanes.outbox import Outbox
from peerbus.transports.lanes.request_ids import RequestIds
from peerbus.transports.wire.frame_decoder import FrameDecoder
from peerbus.transports.wire.frames import FRAME_LIMIT, ArrivedFrame, EndFrame, ItemsFrame, Part, Ping, ZeroCopyPart
from peerbus.transports.wire.parts import Reassembler


def encode(item: object) -> tuple[int, bytes]:
    if item is None:
        raise MessageTooLarge("None is too large")
    return (1 if isinstance(item, bytes) else 2), msgspec.msgpack.encode(item)


class Desk:
    """An outbox with streams of one lane, and what a peer reads of it."""

    def __init__(self) -> None:
        self.outbox = Outbox(RequestIds(), lambda lane, outgoing, error: None)
        self.turn = LaneTurn(ReplyLane(0), 5)
        self.counts = ItemCounts()
        self.broken: list[SendError] = []
        self.decoder = FrameDecoder(FRAME_LIMIT)
        self.parts = Reassembler(lambda lane: 1 << 24)

    def stream(self, rid: int, items: int = 1 << 20, size: int = 1 << 30) -> ItemQueue:
        made = ItemQueue(1, rid, self.turn, self.outbox, KeptWriter(), encode, self.broken.append, self.counts)
        made.granted(items, size)
        return made

    def read(self, limit: int = 1 << 16) -> list[ArrivedFrame]:
        found: list[ArrivedFrame] = []
        for frame in self.decoder.feed(b"".join(map(bytes, self.outbox.fill(0.0, limit)))):
            if isinstance(frame, Ping):
                self.outbox.pacer.heard(frame.token, 0.0)
            elif isinstance(frame, Part | ZeroCopyPart):
                whole = self.parts.add(frame)
                found += [] if whole is None else [whole]
            else:
                found.append(frame)
        return found


def test_items_of_one_type_share_a_frame_and_the_end_says_how_many_there_were() -> None:
    desk = Desk()
    stream = desk.stream(7)
    for item in (1, 2, b"three", 4):
        stream.put(item)
    stream.finish()
    frames = desk.read()
    assert [frame.number for frame in frames if isinstance(frame, ItemsFrame)] == [2, 1, 2]
    assert frames[-1] == EndFrame(1, 7, 4)
    assert (desk.counts.account.delivered, desk.counts.open) == (4, 0)
    assert not desk.outbox


def test_no_more_waits_to_be_written_than_the_bound_however_much_is_granted() -> None:
    desk = Desk()
    stream = desk.stream(7)
    put = 0
    while stream.ready:
        stream.put(bytes(1_000))
        put += 1
    assert put * 1_000 < UNWRITTEN + 2_000
    desk.read()
    assert stream.ready


def test_credit_counts_items_and_bytes() -> None:
    desk = Desk()
    few = desk.stream(7, items=2)
    few.put(1)
    few.put(2)
    before = few.ready
    few.granted(1, 0)
    assert (before, few.ready) == (False, True)
    small = desk.stream(8, size=10)
    small.put(bytes(500))
    assert not small.ready
    with pytest.raises(ProtocolError, match="credit_overflow"):
        few.granted(2**31 - 1, 1)
    few.drop("cancelled")
    assert desk.counts.account.failed == {"cancelled": 1}
    assert desk.counts.account.balanced


def test_streams_of_a_lane_take_turns_and_a_large_item_is_cut() -> None:
    desk = Desk()
    one, other = desk.stream(1), desk.stream(2)
    for _ in range(10):
        one.put(bytes(9_000))
        other.put(bytes(9_000))
    one.put(bytes(300_000))
    one.finish()
    other.finish()
    rids: list[int] = []
    for _ in range(200):
        rids += [frame.rid for frame in desk.read(limit=10_000) if not isinstance(frame, Ping)]  # type: ignore[union-attr]  # of streams
    assert rids[:6] == [1, 2, 1, 2, 1, 2]
    assert rids.count(1) == 12
    assert not desk.outbox


def test_an_item_that_cannot_travel_is_told_and_not_sent() -> None:
    desk = Desk()
    stream = desk.stream(1)
    stream.put(None)
    assert [str(error) for error in desk.broken] == ["None is too large"]
    assert desk.counts.sent == 0
