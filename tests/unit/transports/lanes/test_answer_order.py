"""An answer waits for what its reactor told before, to the last byte, and for nothing else."""

from __future__ import annotations

from peerbus.transports.lanes.batch import Outgoing
from peerbus.transports.lanes.lane_turn import LaneTurn, ReplyLane
from peerbus.transports.lanes.out_lane import OutLane
from peerbus.transports.lanes.outbox import Outbox
from peerbus.transports.lanes.request_ids import RequestIds
from peerbus.transports.wire.frame_decoder import FrameDecoder
from peerbus.transports.wire.frames import FRAME_LIMIT, Ping
from peerbus.transports.wire.hello import ChannelInfo

LIMIT = 64 * 1024
NOTES = ChannelInfo(
    name="note", types=("Note",), schema=bytes(16), messages=1 << 20, bytes=1 << 30, max_message=16 << 20, priority=5
)


class Desk:
    """An outbox with a lane for tells and one for answers, and what was said."""

    def __init__(self) -> None:
        self.outbox = Outbox(RequestIds(), lambda lane, outgoing, error: None)
        self.turn = LaneTurn(OutLane(0, NOTES, None, lambda lane: None), 5)
        self.answers = LaneTurn(ReplyLane(0), 5)
        self.said: list[str] = []
        self.decoder = FrameDecoder(FRAME_LIMIT)

    def tell(self, origin: int, size: int = 10) -> None:
        lane = self.turn.lane
        assert isinstance(lane, OutLane)
        lane.accept(1, origin, bytes(size), "note", None)
        self.outbox.wake(self.turn)

    def waits(self, origin: int) -> bool:
        return self.outbox.behind_told(origin, self.answers, lambda: self.said.append(f"answer of {origin}"))

    def write(self, limit: int = LIMIT) -> None:
        data = b"".join(map(bytes, self.outbox.fill(0.0, limit)))
        for frame in self.decoder.feed(data):
            if isinstance(frame, Ping):
                self.outbox.pacer.heard(frame.token, 0.0)


def test_an_answer_waits_for_a_tell_of_its_reactor_and_for_that_of_no_other() -> None:
    desk = Desk()
    desk.tell(1)
    assert desk.waits(1)
    assert not desk.waits(2)
    desk.write()
    assert desk.said == ["answer of 1"]


def test_where_all_is_written_it_does_not_wait() -> None:
    desk = Desk()
    desk.tell(1)
    desk.write()
    assert not desk.waits(1)


def test_it_waits_for_the_last_part_of_a_body_that_is_cut() -> None:
    desk = Desk()
    desk.tell(1, size=200_000)
    desk.write(limit=20_000)
    assert desk.waits(1), "it was begun"
    desk.write(limit=16_000)
    assert desk.said == []
    while desk.outbox:
        assert desk.said == []
        desk.write(limit=16_000)
    assert desk.said == ["answer of 1"]


def test_what_is_told_after_the_answer_does_not_keep_it_back() -> None:
    desk = Desk()
    desk.tell(1, size=9_000)
    assert desk.waits(1)
    desk.tell(1, size=9_000)
    desk.write(limit=9_100)
    assert desk.said == ["answer of 1"]


def test_it_waits_also_for_a_lane_that_is_held_back() -> None:
    desk = Desk()
    desk.turn.held = True
    desk.outbox.order.held = [desk.turn]
    desk.tell(1)
    assert desk.waits(1)
    desk.write()
    assert desk.said == []
    desk.turn.held, desk.outbox.order.held = False, []
    desk.outbox.wake(desk.turn)
    desk.write()
    assert desk.said == ["answer of 1"]


def test_what_is_never_written_as_the_reactor_has_stopped_keeps_nothing_back() -> None:
    desk = Desk()
    desk.tell(1)
    assert desk.waits(1)
    lane = desk.turn.lane
    assert isinstance(lane, OutLane)
    assert [type(each) for each in lane.drop_queued()] == [Outgoing]
    desk.outbox.order.look()
    assert desk.said == ["answer of 1"]
