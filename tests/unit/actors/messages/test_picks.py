"""Picks: how many of how many."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.actors import Key, Several, Share


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


@pytest.mark.parametrize("make", [lambda: Several(2.5), lambda: Several(True), lambda: Share("0.5"), lambda: Key(5)])  # type: ignore[arg-type]  # that is what is tested
def test_what_is_of_another_type_is_refused_where_it_is_made(make: Callable[[], object]) -> None:
    with pytest.raises(TypeError, match="not a pick"):
        make()
