"""How large windows become: on a clock of the test's own, beside a line and a reactor of some speed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.transports.lanes.window_tuning import (
    LEAST_TRIP,
    MOST_BYTES,
    MOST_MESSAGES,
    RESTS,
    WindowBudget,
    WindowTuner,
)

ANNOUNCED = (1024, 1 << 20)


def run(line: float, reactor: float, trip: float, size: int, seconds: float) -> tuple[int, int]:
    """Messages of `size` bytes over a line and to a reactor that carry and take that many a second; the window at last.

    In steps of a round trip: what the window, the line and the reactor let through in one.
    """
    tuner, whole, now, held = WindowTuner(), ANNOUNCED, 0.0, 0.0
    while now < seconds:
        now += trip
        fits = min(whole[0], whole[1] / size)
        held += min(max(fits - held, 0), line * trip)
        taken = min(held, reactor * trip)
        held -= taken
        if taken:
            wanted = tuner.took(
                (int(taken), int(taken) * size), (int(held), int(held) * size), whole, ANNOUNCED, now, trip
            )
            whole = wanted or whole
    return whole


@pytest.mark.parametrize("trip", [0.02, 0.1, 0.3])
@pytest.mark.parametrize(("line", "size"), [(160_000, 100), (60_000, 1024), (520, 65536)])
def test_a_window_becomes_as_large_as_the_line_holds_within_some_round_trips(
    trip: float, line: float, size: int
) -> None:
    messages, room = run(line, 1e9, trip, size, 12 * trip)
    assert min(messages, room / size) >= line * trip


@pytest.mark.parametrize("trip", [0.001, 0.02, 0.1, 0.3])
def test_a_slow_reactor_has_the_window_that_was_announced(trip: float) -> None:
    assert run(160_000, 0.9 * 1024 / trip / 3, trip, 100, 50 * trip) == ANNOUNCED


def test_a_near_peer_has_the_window_that_was_announced() -> None:
    assert run(1e9, 1e9, LEAST_TRIP / 2, 100, 1.0) == ANNOUNCED


def test_a_reactor_that_falls_behind_has_its_window_made_smaller_again() -> None:
    tuner, grown = WindowTuner(), (40_000, 8 << 20)
    tuner.took((512, 51_200), (0, 0), grown, ANNOUNCED, 0.0, 0.1)
    wanted = tuner.took((512, 51_200), (30_000, 3_000_000), grown, ANNOUNCED, 0.5, 0.1)
    # What it takes in a round trip, and before it no more than what was announced.
    assert wanted == (ANNOUNCED[0] + 102, ANNOUNCED[1] + 10_240)


def test_a_reactor_that_is_held_up_for_some_round_trips_keeps_its_window() -> None:
    tuner, grown = WindowTuner(), (3 * 1024, 1 << 20)
    tuner.took((1024, 1024), (0, 0), grown, ANNOUNCED, 0.0, 0.1)
    assert tuner.took((3000, 3000), (0, 0), grown, ANNOUNCED, 0.1, 0.1) != ANNOUNCED
    for now in (0.2, 0.4, 0.6):
        assert tuner.took((10, 10), (600, 600), grown, ANNOUNCED, now, 0.1) is None


def test_a_window_that_nothing_comes_through_rests_and_begins_to_measure_anew() -> None:
    tuner = WindowTuner()
    tuner.took((512, 512), (0, 0), ANNOUNCED, ANNOUNCED, 0.0, 0.1)
    assert not tuner.rests(RESTS)
    assert tuner.rests(RESTS + 1)
    assert tuner.took((512, 512), (0, 0), ANNOUNCED, ANNOUNCED, RESTS + 1, 0.1) is None


sizes = st.tuples(st.integers(1024, 1 << 32), st.integers(1 << 20, 1 << 34))


@given(st.lists(st.tuples(st.integers(0, 3), sizes), max_size=60), st.integers(0, 1 << 28), st.integers(0, 1000))
def test_all_windows_together_stay_within_the_budget_and_give_it_back(
    moves: list[tuple[int, tuple[int, int]]], size: int, each: int
) -> None:
    budget = WindowBudget(size)
    shares = [budget.share(), budget.share()]
    windows = [ANNOUNCED] * 4
    for which, wanted in moves:
        share = shares[which % 2]
        before, left = windows[which], budget.left
        after = share.move(ANNOUNCED, before, wanted, each)
        assert ANNOUNCED[0] <= after[0] <= max(wanted[0], ANNOUNCED[0])
        assert ANNOUNCED[1] <= after[1] <= max(wanted[1], ANNOUNCED[1])
        assert after[0] <= MOST_MESSAGES
        assert after[1] <= MOST_BYTES
        assert after[0] >= min(wanted[0], before[0])
        assert budget.left >= left or share.taken <= budget.left, "it took more than it left"
        windows[which] = after
        cost = sum(each * (m - ANNOUNCED[0]) + b - ANNOUNCED[1] for m, b in windows)
        assert budget.left == size - cost >= 0
        assert shares[0].taken + shares[1].taken == cost
    for which, window in enumerate(windows):
        shares[which % 2].move(ANNOUNCED, window, ANNOUNCED, each)
    assert budget.left == size


def test_what_comes_all_at_once_and_is_taken_long_before_the_next_does_not_stop_the_growth() -> None:
    tuner, half = WindowTuner(), ANNOUNCED[0] // 2
    tuner.took((half, half), (half, half), ANNOUNCED, ANNOUNCED, 0.0, 0.1)
    tuner.took((half, half), (0, 0), ANNOUNCED, ANNOUNCED, 0.005, 0.1)
    wanted = tuner.took((half, half), (half, half), ANNOUNCED, ANNOUNCED, 0.1, 0.1)
    assert wanted is not None
    assert wanted[0] > ANNOUNCED[0]
