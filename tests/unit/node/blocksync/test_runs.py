"""Runs of blocks: each block once, as many in one as come in a moment, and shares at the end."""

from __future__ import annotations

import random

import pytest

from peerbus.node.blocksync.runs import LONGEST_RUN, Runs


def test_runs_are_as_long_as_comes_in_a_moment() -> None:
    runs = Runs(1_000_000, 8)
    lengths = []
    for _ in range(10):
        run = runs.take()
        lengths.append(len(run))
        runs.came(len(run), 0.001 * len(run))
    assert lengths == [1, 2, 4, 8, 16, 32, LONGEST_RUN, LONGEST_RUN, LONGEST_RUN, LONGEST_RUN]
    runs.came(LONGEST_RUN, LONGEST_RUN / 5)  # five a second
    assert len(runs.take()) == 5
    runs.came(5, 60.0)
    assert len(runs.take()) == 1
    for _ in range(4):
        runs.came(len(runs.take()), 0.0)
    assert len(runs.take()) == 16
    runs.failed()
    assert len(runs.take()) == 1


def test_near_the_end_everybody_has_a_share() -> None:
    runs = Runs(100_016, 8)
    for _ in range(8):
        runs.came(len(runs.take()), 0.0)
    assert len(runs.take()) == LONGEST_RUN
    while runs.left > 160:
        runs.take()
    assert 1 <= len(runs.take()) <= 10


@pytest.mark.parametrize("seed", range(20))
def test_each_block_comes_once_whatever_ends_early(seed: int) -> None:
    rng = random.Random(seed)
    blocks, at_once = rng.randrange(300), rng.randrange(1, 9)
    runs, came, under_way = Runs(blocks, at_once), list[int](), list[range]()
    while True:
        while len(under_way) < at_once and (run := runs.take()):
            assert 1 <= len(run) <= LONGEST_RUN
            under_way.append(run)
        assert runs.left == blocks - len(came) - sum(map(len, under_way))
        if not under_way:
            break
        run = under_way.pop(rng.randrange(len(under_way)))
        share = rng.choice([0, len(run) // 2, len(run), len(run)])
        came.extend(run[:share])
        runs.give_back(run[share:])
        if share:
            runs.came(share, rng.choice([0.0, 1e-310, 0.01, 10.0]))
        else:
            runs.failed()
    assert sorted(came) == list(range(blocks))
