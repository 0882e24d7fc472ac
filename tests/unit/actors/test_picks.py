"""Picks: how many of so many."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.actors import Several, Share


@given(st.integers(1, 100), st.integers(0, 10_000))
def test_a_share_that_is_written_in_percent_is_exact(percent: int, candidates: int) -> None:
    assert Share(percent / 100).of(candidates) == -(-percent * candidates // 100)


def test_a_share_is_rounded_up_and_of_somebody_at_least_one() -> None:
    assert [Share(0.67).of(candidates) for candidates in range(5)] == [0, 1, 2, 3, 3]
    assert Share(0.001).of(1) == 1


@pytest.mark.parametrize("part", [0, -0.5, 1.01, float("nan"), float("inf")])
def test_a_share_is_a_part_of_a_whole(part: float) -> None:
    with pytest.raises(ValueError, match="not a pick"):
        Share(part)


def test_a_number_is_at_least_one() -> None:
    with pytest.raises(ValueError, match="not a pick"):
        Several(0)
