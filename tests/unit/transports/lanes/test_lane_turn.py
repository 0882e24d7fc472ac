"""A lane is busy while it has something to write, also the rest of a body."""

from __future__ import annotations

from peerbus.transports.lanes.lane_turn import LaneTurn, ReplyLane
from peerbus.transports.wire.parts import Cutter


def test_a_lane_is_busy_with_what_is_queued_and_with_the_rest_of_a_body() -> None:
    lane = ReplyLane(3)
    turn = LaneTurn(lane, 5)
    idle = turn.busy
    lane.queue.append((1, 0, b"answer"))
    queued = turn.busy
    lane.queue.clear()
    turn.cutting = Cutter(bytes(20_000), 7)
    assert (idle, queued, turn.busy) == (False, True, True)
