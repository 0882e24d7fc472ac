"""What a link is like: values that cannot be wrong."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from statistics import mean

import pytest

from peerbus.testing import Conditions, LogNormal, Uniform


def test_delays_are_drawn_as_they_are_called() -> None:
    rng = Random(1)
    assert Conditions(latency=0.25).delay(rng) == 0.25
    assert all(0.1 <= Conditions(latency=Uniform(0.1, 0.2)).delay(rng) <= 0.2 for _ in range(100))
    assert all(0.1 <= Conditions(latency=0.1, jitter=0.1).delay(rng) <= 0.2 for _ in range(100))
    drawn = [LogNormal(0.05, 0.8).draw(rng) for _ in range(20_000)]
    assert 0.047 < mean(drawn) < 0.053
    assert max(drawn) > 0.5  # the tail is long


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Conditions(latency=-1),
        lambda: Conditions(latency=float("inf")),
        lambda: Conditions(jitter=-1),
        lambda: Conditions(bandwidth=0),
        lambda: Conditions(loss=1.5),
        lambda: Conditions(buffer=0),
        lambda: Uniform(2, 1),
        lambda: LogNormal(0, 1),
        lambda: LogNormal(1, -1),
    ],
)
def test_what_cannot_be_is_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        wrong()


def test_a_change_keeps_the_rest_and_refuses_unknown_fields() -> None:
    assert Conditions(latency=1.0).changed(loss=0.5) == Conditions(latency=1.0, loss=0.5)
    with pytest.raises(TypeError):
        Conditions().changed(lag=1)
