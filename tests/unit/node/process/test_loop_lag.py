"""A loop that comes late says by how much, also while it has not come yet."""

from __future__ import annotations

import asyncio
from contextvars import copy_context

from peerbus.node.process.loop_lag import EVERY, LOOKS, LagView, LoopLag


class Clock:
    """Time that stands still unless it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_late_timer_is_the_lag_and_the_worst_of_a_minute_is_kept() -> None:
    clock, loop = Clock(), asyncio.new_event_loop()
    lag = LoopLag(loop, clock, copy_context())
    assert lag.view == LagView(0.0, 0.0)
    lag.start()
    clock.now += EVERY + 0.5
    assert lag.view == LagView(0.5, 0.5), "nobody has looked yet"
    lag._look()
    assert lag.view == LagView(0.5, 0.5)
    clock.now += EVERY
    lag._look()
    assert lag.view == LagView(0.0, 0.5)
    for _ in range(LOOKS):
        clock.now += EVERY
        lag._look()
    assert lag.view == LagView(0.0, 0.0)
    lag.close()
    lag.close()
    loop.close()


async def test_where_time_is_virtual_nothing_is_late() -> None:
    lag = LoopLag(asyncio.get_running_loop(), Clock(), copy_context())
    lag.start()
    assert lag.view == LagView(0.0, 0.0)
