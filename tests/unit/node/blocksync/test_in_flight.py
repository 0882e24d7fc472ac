"""How many asks are in flight: beside a line of some rate, on a clock of the test's own."""

from __future__ import annotations

import heapq

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.node.blocksync.in_flight import FIRST, InFlight

BLOCK = 128 * 1024
MOST, TIMEOUT = 32, 5.0


def sync(rate: float, trip: float, blocks: int) -> tuple[float, int, InFlight]:
    """Fetch that many blocks over a line that sends answers one after the other, also those nobody waits for any more.

    Returns the seconds that it took, the asks that were too late, and what was learnt.
    """
    flight, now, free_at, late, left = InFlight(MOST, timeout=TIMEOUT, longest=30.0), 0.0, 0.0, 0, blocks
    events: list[tuple[float, float, bool]] = []
    while left or flight.count:
        while left and flight.room:
            flight.begin()
            left -= 1
            free_at = max(free_at, now + trip) + BLOCK / rate
            in_time = free_at - now <= flight.timeout
            heapq.heappush(events, (free_at if in_time else now + flight.timeout, now, in_time))
        now, asked, in_time = heapq.heappop(events)
        if in_time:
            flight.answered(asked, now)
        else:
            flight.late(asked, now)
            late += 1
            left += 1
    return now, late, flight


@pytest.mark.parametrize("megabits", [0.25, 0.5, 1, 2, 5, 10])
def test_a_thin_line_is_used_and_next_to_nothing_is_asked_twice(megabits: float) -> None:
    rate = megabits * 125_000
    seconds, late, _ = sync(rate, 0.02, 64)
    assert late <= 2
    assert seconds < 1.25 * 64 * BLOCK / rate + 5


def test_a_line_on_which_one_block_takes_longer_than_an_ask_may_still_carries_them() -> None:
    seconds, late, flight = sync(16_000, 0.02, 16)
    assert late <= 3
    assert flight.timeout > TIMEOUT
    assert seconds < 1.5 * 16 * BLOCK / 16_000


@pytest.mark.parametrize("trip", [0.0001, 0.1, 0.3])
def test_a_fast_line_soon_has_as_many_in_flight_as_may_be(trip: float) -> None:
    seconds, late, flight = sync(125_000_000, trip, 1000)
    assert (late, flight.limit) == (0, MOST)
    assert seconds < 1.3 * max(1000 * BLOCK / 125_000_000, 1000 / MOST * trip) + 8 * trip


def test_what_was_asked_together_and_is_late_together_counts_once() -> None:
    flight = InFlight(MOST, timeout=TIMEOUT, longest=30.0)
    for _ in range(64):
        flight.begin()
        flight.answered(0.0, 0.1)
    for _ in range(flight.limit):
        flight.begin()
    before = flight.limit
    for _ in range(before):
        flight.late(1.0, 6.0)
    assert (flight.limit, flight.count) == (before // 2, 0)


@given(st.lists(st.tuples(st.sampled_from("bafl"), st.floats(0, 10)), max_size=300), st.integers(1, 64))
def test_there_is_always_room_for_one_and_never_for_more_than_the_most(
    steps: list[tuple[str, float]], most: int
) -> None:
    flight, now, asked = InFlight(most, timeout=TIMEOUT, longest=30.0), 0.0, [0.0] * 0
    assert flight.limit == min(FIRST, most)
    for what, wait in steps:
        now += wait
        if what == "b" and flight.room:
            flight.begin()
            asked.append(now)
        elif asked and what == "a":
            flight.answered(asked.pop(), now)
        elif asked and what == "f":
            asked.pop()
            flight.failed()
        elif asked and what == "l":
            flight.late(asked.pop(), now)
        assert 1 <= flight.limit <= most
        assert flight.count == len(asked)
        assert flight.room or asked
