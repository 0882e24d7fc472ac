"""Distributions, and what ends a measurement."""

from __future__ import annotations

import pytest

from benchmarks.timing import Until, confirm, percentiles, quantile


def test_quantiles_lie_between_the_two_nearest_values() -> None:
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert quantile([1.0, 2.0], 0.5) == 1.5
    assert percentiles([float(value) for value in range(101)]) == {"p50": 50.0, "p99": 99.0}
    with pytest.raises(ValueError, match="no values"):
        quantile([], 0.5)


def test_a_count_that_differs_makes_the_figure_worthless() -> None:
    confirm(7, 7)
    with pytest.raises(RuntimeError, match="8 messages were sent and 7 were handled"):
        confirm(7, 8)


def test_a_measurement_ends_at_once_when_it_is_stopped() -> None:
    until = Until(3600.0)
    assert not until.over()
    assert 0 < until.left() <= 3600
    until.stop()
    assert until.over()
    assert until.left() == 0
