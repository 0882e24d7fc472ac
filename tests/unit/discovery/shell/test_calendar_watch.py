"""A calendar that was set is told, and one that differs from those of most peers, once."""

from __future__ import annotations

import asyncio
import random

import pytest
from virtual_time import VirtualTimeLoop, in_virtual_time, log_of_the_loop

from peerbus.actors.base import wall_clock
from peerbus.discovery.facts.commands import Accept, Attempt
from peerbus.discovery.mind.manager import PeerManager
from peerbus.discovery.mind.wall_clock import WallClock
from peerbus.discovery.peer.options import PeerOptions
from peerbus.discovery.shell.calendar_watch import FEWEST_CLOCKS, CalendarWatch

SELF = "5" * 64


def manager(peers: int = 0, ahead: float = 0.0, apart: float = 0.0) -> PeerManager:
    """The mind of a node whose peers' calendars are ahead, each of them further than the one before."""
    mind = PeerManager(SELF, PeerOptions(), random.Random(0), wall=WallClock.of(asyncio.get_running_loop()))
    for number in range(1, peers + 1):
        attempt = Attempt(f"{number:064x}", 1, number, epoch=wall_clock() + ahead + number * apart)
        assert mind.authenticated(attempt, 0.0) == Accept()
    return mind


def events() -> list[str]:
    return [line["event"] for line in log_of_the_loop().lines]


@in_virtual_time
async def test_a_calendar_that_was_set_is_told() -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    watch = CalendarWatch("alice", manager())
    assert not watch.was_set(loop.time())
    loop.now += 60.0
    assert not watch.was_set(loop.time())
    assert watch.was_set(loop.time() - 3600.0)  # as if an hour had gone by on the calendar alone
    assert events() == ["the clock was set"]


@pytest.mark.parametrize(("peers", "ahead"), [(FEWEST_CLOCKS - 1, 7200.0), (FEWEST_CLOCKS, 60.0)])
@in_virtual_time
async def test_a_few_peers_and_a_small_difference_are_no_reason_to_warn(peers: int, ahead: float) -> None:
    assert not CalendarWatch("alice", manager(peers, ahead)).was_set(0.0)
    assert events() == []


@in_virtual_time
async def test_peers_whose_calendars_differ_from_each_other_say_nothing_of_this_one() -> None:
    assert not CalendarWatch("alice", manager(FEWEST_CLOCKS, 0.0, apart=7200.0)).was_set(0.0)
    assert events() == []


@in_virtual_time
async def test_a_calendar_that_differs_from_those_of_most_peers_is_told_once_and_when_it_is_right() -> None:
    watch = CalendarWatch("alice", manager(3, 7200.0))
    for _ in range(3):
        watch.was_set(0.0)
    (line,) = log_of_the_loop().lines
    assert line["event"] == "this node's clock differs from those of most of its peers: set it"
    assert (round(line["behind"]), line["peers"], line["level"]) == (7200, 3, "warning")
    assert watch.was_set(-7200.0)
    assert events()[1:] == ["the clock was set", "this node's clock agrees with those of its peers"]
