"""The time of day: the machine's, or that of a loop which brings its own."""

from __future__ import annotations

import asyncio
import time

import pytest
from virtual_time import RealTimeLoop, VirtualTimeLoop

from peerbus.actors.base.clock import date_text, keeps_another_time, wall_clock
from peerbus.testing.sim.virtual_loop import VirtualLoop


class OtherDay(asyncio.SelectorEventLoop):
    """A loop on another day."""

    def wall_time(self) -> float:
        """Noon of a day long ago."""
        return 43_200.0


def test_without_a_loop_it_is_the_machines() -> None:
    before = time.time()
    assert before <= wall_clock() <= time.time()


def test_on_a_loop_without_a_time_of_its_own_it_is_the_machines() -> None:
    async def ask() -> None:
        before = time.time()
        assert before <= wall_clock() <= time.time()

    asyncio.run(ask())


def test_a_loop_may_bring_its_own_which_counts_on_it_only() -> None:
    async def ask() -> float:
        return wall_clock()

    with asyncio.Runner(loop_factory=OtherDay) as runner:
        assert runner.run(ask()) == 43_200.0
    assert wall_clock() > 43_200.0


def test_a_time_is_shown_in_utc() -> None:
    assert date_text(1_700_000_000.9) == "2023-11-14 22:13:20 UTC"


@pytest.mark.parametrize(("kind", "jumps"), [(RealTimeLoop, False), (VirtualTimeLoop, True), (VirtualLoop, True)])
def test_a_loop_whose_time_jumps_is_told_apart(kind: type[asyncio.AbstractEventLoop], jumps: bool) -> None:
    loop = kind()
    try:
        assert keeps_another_time(loop) is jumps
    finally:
        loop.close()
