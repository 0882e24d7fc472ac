"""Figures fit in their columns, and say as much as fits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.operate.top.figures import PLAIN_BLOCKS, bytes_text, count_text, seconds_text, sparkline


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "0"), (7, "7"), (0.34, "0.3"), (950, "950"), (1000, "1.00k"), (12_345, "12.3k"), (999_600, "1.00M")],
)
def test_counts(number: float, said: str) -> None:
    assert count_text(number) == said


@pytest.mark.parametrize(("number", "said"), [(0, "0"), (999, "999"), (1024, "1.00k"), (123_456_789, "118M")])
def test_bytes_are_counted_in_steps_of_1024(number: float, said: str) -> None:
    assert bytes_text(number) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, ""), (0.0004, "0.4ms"), (0.012, "12ms"), (3.21, "3.2s"), (75, "75s"), (240, "4m"), (9_000, "2h")],
)
def test_spans_of_time(seconds: float | None, said: str) -> None:
    assert seconds_text(seconds) == said


@given(st.floats(min_value=0, max_value=1e17))
def test_no_figure_is_wider_than_its_column(number: float) -> None:
    assert len(count_text(number)) <= 5
    assert len(bytes_text(number)) <= 5
    assert len(seconds_text(min(number, 9e7))) <= 6


@given(st.lists(st.floats(min_value=0, max_value=1e12)), st.integers(0, 40))
def test_a_line_of_blocks_has_a_character_for_each_of_the_last_values(values: list[float], width: int) -> None:
    assert len(sparkline(values, width)) == width


def test_the_most_is_a_full_block_and_what_is_not_nothing_is_seen() -> None:
    assert sparkline([0, 1, 50, 100], 6) == "   ▁▄█"
    assert sparkline([0, 100], 2, PLAIN_BLOCKS) == " @"
    assert sparkline([0, 0], 3) == "   "
