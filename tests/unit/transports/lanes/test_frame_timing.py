"""When a frame leaves, and how large it may become."""

from __future__ import annotations

import pytest

from peerbus.transports.lanes.frame_timing import (
    CALM,
    EARLY,
    LEAST,
    TOGETHER,
    Growth,
    answers_leave,
    asks_leave,
    tells_leave,
)


@pytest.mark.parametrize(
    ("waiting", "under_way", "leave"),
    [(1, 0, False), (LEAST, 0, True), (LEAST, 64, False), (20, 20, True), (EARLY, 64, True), (EARLY - 1, 64, False)],
)
def test_asks_leave_where_they_are_enough_to_be_begun_with(waiting: int, under_way: int, leave: bool) -> None:
    assert asks_leave(waiting, under_way) is leave


@pytest.mark.parametrize(
    ("waiting", "under_way", "leave"),
    [(1, 0, True), (1, 5, False), (EARLY, 5, True), (EARLY + 1, 5, False), (EARLY + 1, 0, True)],
)
def test_answers_leave_with_the_last_of_what_was_asked_and_some_before(
    waiting: int, under_way: int, leave: bool
) -> None:
    assert answers_leave(waiting, under_way) is leave


@pytest.mark.parametrize(
    ("full", "grown", "leave"), [(1, False, True), (1, True, False), (TOGETHER, True, True), (TOGETHER, False, True)]
)
def test_whole_frames_leave_together_and_half_ones_each(full: int, grown: bool, leave: bool) -> None:
    assert tells_leave(full, grown=grown) is leave


def test_a_frame_may_grow_when_nobody_has_asked_for_some_frames() -> None:
    growth = Growth()
    assert [growth.allows(0, 0, alone=True) for _ in range(CALM + 2)] == [False] * CALM + [True, True]


@pytest.mark.parametrize(("asked", "asked_here", "alone"), [(1, 0, True), (0, 1, True), (0, 0, False)])
def test_an_ask_of_either_side_or_another_lane_ends_that_at_once(asked: int, asked_here: int, alone: bool) -> None:
    growth = Growth()
    for _ in range(CALM + 1):
        growth.allows(0, 0, alone=True)
    found = [growth.allows(asked, asked_here, alone=alone)]
    found += [growth.allows(asked, asked_here, alone=True) for _ in range(CALM + 1)]
    assert found == [False] * (CALM + 1) + [True]
