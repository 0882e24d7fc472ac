"""Times of a run and of the calendar go over into each other, and those that never come stay so."""

from __future__ import annotations

import asyncio
import math
import time

import pytest

from peerbus.discovery.mind.wall_clock import WallClock


@pytest.mark.parametrize("now", [0.0, 12.5, -3.0])
def test_there_and_back_it_is_the_same_time(now: float) -> None:
    wall = WallClock(1_000.0)
    assert wall.epoch(now) == now + 1_000.0
    assert wall.manager(wall.epoch(now)) == now


@pytest.mark.parametrize("never", [math.inf, -math.inf])
def test_a_time_without_end_is_one_on_both_clocks(never: float) -> None:
    assert WallClock(1_000.0).epoch(never) == never
    assert WallClock(1_000.0).manager(never) == never


async def test_it_is_taken_from_the_clock_of_the_loop() -> None:
    loop = asyncio.get_running_loop()
    before = time.time()
    assert before - 1 <= WallClock.of(loop).epoch(loop.time()) <= time.time() + 1


def test_a_calendar_that_was_set_is_told_once_and_moves_what_outlives_the_process() -> None:
    wall = WallClock(1000.0)
    assert wall.adjust(1010.5, 10.0) == 0.0
    assert wall.adjust(9010.0, 10.0) == 8000.0
    assert wall.adjust(9011.0, 11.0) == 0.0
    assert (wall.epoch(12.0), wall.manager(9012.0)) == (9012.0, 12.0)
