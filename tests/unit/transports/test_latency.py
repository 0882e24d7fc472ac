"""How long a peer takes to answer, as it is remembered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.transports.latency import DECAY, FAILURE, PeakEwma

SECONDS = st.floats(0, 100)


def test_nothing_is_expected_before_anything_is_known() -> None:
    assert PeakEwma().at(1000.0) == 0.0


def test_a_slow_answer_counts_at_once_and_quick_ones_by_and_by() -> None:
    latency = PeakEwma()
    latency.answered(0.01, 0.0)
    latency.answered(0.5, 1.0)
    assert latency.at(1.0) == 0.5
    latency.answered(0.01, 1.1)
    assert 0.4 < latency.at(1.1) < 0.5
    for tenth in range(12, 600):
        latency.answered(0.01, tenth / 10)
    assert latency.at(60.0) == pytest.approx(0.01, rel=0.3)


def test_a_failure_counts_as_a_slow_answer_and_is_forgotten_within_a_minute() -> None:
    latency = PeakEwma()
    latency.failed(0.0001, 0.0)
    assert latency.at(0.0) == FAILURE
    assert latency.at(7 * DECAY) < 0.001
    latency.failed(30.0, 0.0)
    assert latency.at(0.0) == 30.0


def test_who_was_waited_for_in_vain_is_at_least_that_slow() -> None:
    latency = PeakEwma()
    latency.waited(0.5, 0.0)
    assert latency.at(0.0) == 0.5
    latency.waited(0.1, 0.0)
    assert latency.at(0.0) == 0.5


@given(st.lists(st.tuples(st.sampled_from(["answered", "failed", "waited"]), SECONDS, SECONDS), min_size=1))
def test_it_is_never_above_the_slowest_nor_below_the_last_answer(happened: list[tuple[str, float, float]]) -> None:
    latency, now, slowest = PeakEwma(), 0.0, 0.0
    for what, seconds, pause in happened:
        now += pause
        getattr(latency, what)(seconds, now)
        slowest = max(slowest, seconds, FAILURE if what == "failed" else 0.0)
        assert latency.at(now) <= slowest * (1 + 1e-9)
        assert latency.at(now) >= seconds * (1 - 1e-9)
        assert latency.at(now + 1) <= latency.at(now)
