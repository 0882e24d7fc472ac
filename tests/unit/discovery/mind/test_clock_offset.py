"""The calendars of peers: the median of what connected ones said, beside this node's own."""

from __future__ import annotations

import random

import pytest
from minds import SELF

from peerbus.discovery.facts.commands import Accept, Attempt
from peerbus.discovery.mind.manager import PeerManager
from peerbus.discovery.mind.wall_clock import WallClock
from peerbus.discovery.peer.options import PeerOptions

HERE = 1_800_000_000.0


def manager() -> PeerManager:
    return PeerManager(SELF, PeerOptions(), random.Random(0), wall=WallClock(HERE))


def meet(manager: PeerManager, number: int, epoch: float, now: float = 10.0) -> None:
    attempt = Attempt(f"{number:064x}", 1, number, epoch=epoch)
    assert manager.authenticated(attempt, now) == Accept()


@pytest.mark.parametrize(
    ("ahead", "median"), [((5.0,), 5.0), ((-3600.0, -3601.0, 9e9), -3600.0), ((0.0, 0.0, 1e12), 0.0), ((1.0, 2.0), 1.5)]
)
def test_it_is_the_median_of_what_they_say_whatever_one_of_them_says(ahead: tuple[float, ...], median: float) -> None:
    mind = manager()
    for number, seconds in enumerate(ahead, 1):
        meet(mind, number, HERE + 10.0 + seconds)
    assert mind.clock_offset() == (median, len(ahead))
    assert mind.snapshot(500.0).clock_offset == median


def test_who_does_not_say_it_and_who_is_gone_has_no_voice() -> None:
    mind = manager()
    meet(mind, 1, 0.0)
    assert mind.clock_offset() == (None, 0)
    meet(mind, 2, HERE + 10.0 - 60.0)
    assert mind.clock_offset() == (-60.0, 1)
    mind.ready(f"{2:064x}", 2, 10.0)
    mind.disconnected(f"{2:064x}", 2, "broken", 20.0)
    assert mind.snapshot(20.0).clock_offset is None


def test_a_calendar_that_is_set_right_agrees_at_once() -> None:
    mind = manager()
    meet(mind, 1, HERE + 10.0 + 7200.0)
    assert mind.wall.adjust(HERE + 7230.0, 30.0) == 7200.0
    assert mind.clock_offset() == (0.0, 1)


@pytest.mark.parametrize(
    ("ahead", "alike"),
    [
        ((3600.0, 3601.0, 1e8), True),
        ((3600.0, -3e8, 1e8), False),
        ((3600.0, 3590.0, 0.0, 0.0), False),
        ((0.0, 1.0, 2.0, 1e9), True),
    ],
)
def test_it_is_none_where_most_of_them_do_not_agree(ahead: tuple[float, ...], alike: bool) -> None:
    mind = manager()
    for number, seconds in enumerate(ahead, 1):
        meet(mind, number, HERE + 10.0 + seconds)
    assert (mind.clock_offset()[0] is not None) is alike
    assert (mind.snapshot(10.0).clock_offset is not None) is alike
