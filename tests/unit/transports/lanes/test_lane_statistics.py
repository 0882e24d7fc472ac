"""What a lane says of itself adds up."""

from __future__ import annotations

from peerbus.transports.lanes.lane_statistics import LaneStatistics


def test_what_is_under_way_is_pending() -> None:
    seen = LaneStatistics("blocks", 5, 100, 1, 2, 3, 10, 3, {"peer_gone": 1}, {"cancelled": 1})
    account = seen.account
    assert (account.sent, account.delivered, account.pending) == (10, 3, 6)
    assert account.balanced
    assert account.undone == {"cancelled": 1}
