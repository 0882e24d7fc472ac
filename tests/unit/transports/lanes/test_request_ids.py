"""Numbers of asks: they go round, leave out what is open, and end with their connection."""

from __future__ import annotations

import pytest
from outbox_writer import info

from peerbus.transports.lanes.batch import Outgoing
from peerbus.transports.lanes.out_lane import OutLane
from peerbus.transports.lanes.request_ids import MAX_RID, NoRequestIds, RequestIds


def a_lane() -> OutLane:
    return OutLane(0, info("store"), None, lambda lane: None)


def test_numbers_go_round_and_leave_out_those_that_are_open() -> None:
    ids, lane = RequestIds(), a_lane()
    asks = [Outgoing(text) for text in ("first", "second", "third")]
    assert ids.give(lane, asks[0]) == 1
    ids.last = MAX_RID - 1
    assert [ids.give(lane, ask) for ask in asks[1:]] == [MAX_RID, 2]
    assert (ids.by_rid, ids.last) == ({1: asks[0], MAX_RID: asks[1], 2: asks[2]}, 2)
    assert lane.open_asks == 3


def test_a_connection_that_has_ended_numbers_nothing() -> None:
    ids, lane = NoRequestIds(), a_lane()
    with pytest.raises(RuntimeError, match=r"has ended, and .* is not written"):
        ids.give(lane, Outgoing("late"))
    assert (ids.by_rid, lane.open_asks) == ({}, 0)
