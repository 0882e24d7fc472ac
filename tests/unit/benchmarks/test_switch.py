"""What the switch between hosts does to frames: on a clock of the test's own."""

from __future__ import annotations

import random

import pytest

from benchmarks.wan.switch import STRAIGHT, Way, Ways

RNG = random.Random(7)
FRAME = bytes(1000)


def test_a_frame_arrives_a_delay_later_and_not_before() -> None:
    way = Way(delay=0.05)
    assert way.take(FRAME, 1.0, RNG) == pytest.approx(1.05)
    assert way.arrived(1.04) == []
    assert way.arrived(1.051) == [FRAME]
    assert way.next is None


def test_frames_on_a_thin_way_leave_one_after_the_other_until_its_queue_is_full() -> None:
    way = Way(rate=10_000, queue=0.25)
    assert [way.take(FRAME, 0.0, RNG) is not None for _ in range(5)] == [True, True, True, False, False]
    assert way.dropped == 2
    assert len(way.arrived(0.15)) == 1
    assert len(way.arrived(0.35)) == 2


def test_large_packets_vanish_and_small_ones_pass() -> None:
    way = Way(mtu=500)
    assert way.take(FRAME, 0.0, RNG) is None
    assert way.take(bytes(514), 0.0, RNG) == 0.0


def test_all_frames_of_a_way_that_loses_all_are_lost() -> None:
    assert Way(loss=1.0).take(FRAME, 0.0, RNG) is None


def test_with_a_jitter_frames_overtake_each_other() -> None:
    way = Way(delay=0.05, jitter=0.04)
    for number in range(50):
        way.take(bytes([number]), number * 0.001, RNG)
    came = [frame[0] for frame in way.arrived(1.0)]
    assert sorted(came) == list(range(50)) != came


def test_an_order_sets_one_direction_and_says_what_it_does_not_know() -> None:
    ways = Ways(2)
    ways.order("way 1 2 delay=0.05 mtu=1300")
    assert (ways.by_pair[1, 2].delay, ways.by_pair[1, 2].mtu, ways.by_pair[2, 1].delay) == (0.05, 1300, 0.0)
    ways.order("way 1 2 " + " ".join(f"{name}={value}" for name, value in STRAIGHT.items()))
    assert ways.by_pair[1, 2] == Way()
    for line in ("way 1 2 colour=1", "road 1 2 delay=1", "way 1 2 delay=soon"):
        with pytest.raises(ValueError, match=r"colour|road|soon"):
            ways.order(line)
