"""What a peer's own record says of its clock, and when a seed parts with a neighbour."""

from __future__ import annotations

import pytest

from peerbus.discovery.pex.neighbour import (
    SEED_LINGER,
    SEED_PATIENCE,
    SEED_VISIT,
    clock_of,
    leaves_at,
    new_neighbour,
)
from peerbus.discovery.records.record import MAX_LIFETIME, RecordRefused
from peerbus.transports.streams.endpoint import Endpoint

PLACE = Endpoint("tcp", host="10.0.0.1", port=7400)


@pytest.mark.parametrize(
    ("refused", "clock"),
    [
        (RecordRefused("known", ""), 0.0),
        (RecordRefused("expired", "", overdue=500.0), -500.0),
        (RecordRefused("too_far", "", early=MAX_LIFETIME + 700.0), 700.0),
        (RecordRefused("malformed", ""), None),
    ],
    ids=["known", "expired", "too far", "malformed"],
)
def test_a_record_that_is_not_in_time_says_how_far_the_clocks_are_apart(
    refused: RecordRefused, clock: float | None
) -> None:
    assert clock_of(refused) == clock


def test_a_seed_parts_with_whom_it_visits_and_with_a_visitor_that_asks_or_does_not() -> None:
    assert leaves_at(new_neighbour(PLACE, 1.0, 2.0, dialed=True)) == 1.0 + SEED_VISIT
    visitor = new_neighbour(PLACE, 1.0, 2.0, dialed=False)
    assert leaves_at(visitor) == 1.0 + SEED_PATIENCE
    visitor.answered_at = 3.0
    assert leaves_at(visitor) == 3.0 + SEED_LINGER
