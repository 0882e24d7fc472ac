"""How long a receiver takes to answer, as it is remembered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.actors.engine.latency import DECAY, FAILURE, PeakEwma

SECONDS = st.floats(0, 100)


def test_what_was_never_measured_is_worth_nothing() -> None:
    latency = PeakEwma()
    assert (latency.seconds, latency.weight(0.0), latency.weight(1000.0), latency.least(1000.0)) == (0, 0, 0, 0)


def test_a_slow_answer_counts_at_once_and_quick_ones_by_and_by() -> None:
    latency = PeakEwma()
    latency.answered(0.01, 0.0)
    latency.answered(0.5, 1.0)
    assert latency.seconds == 0.5
    latency.answered(0.01, 1.1)
    assert 0.4 < latency.seconds < 0.5
    for tenth in range(12, 600):
        latency.answered(0.01, tenth / 10)
    assert latency.seconds == pytest.approx(0.01, rel=0.3)


def test_an_observation_is_worth_ever_less() -> None:
    latency = PeakEwma()
    latency.answered(0.5, 100.0)
    assert latency.weight(100.0) == 1.0
    assert latency.weight(100.0 + DECAY) == pytest.approx(0.37, abs=0.01)
    assert latency.weight(100.0 + 7 * DECAY) < 0.001
    assert latency.seconds == 0.5


def test_a_failure_counts_as_a_slow_answer_and_says_nothing_of_how_long_answers_take() -> None:
    latency = PeakEwma()
    latency.failed(0.0001, 0.0)
    assert latency.least(0.0) == FAILURE
    latency.failed(30.0, 0.0)
    assert latency.least(0.0) == 30.0
    latency.answered(0.01, 0.0)
    assert (latency.seconds, latency.least(0.0)) == (0.01, 30.0)


def test_who_was_waited_for_in_vain_is_at_least_that_slow_and_not_known_for_it() -> None:
    latency = PeakEwma()
    latency.waited(0.5, 0.0)
    assert latency.least(0.0) == 0.5
    latency.waited(0.1, 0.0)
    assert latency.least(0.0) == 0.5
    assert latency.weight(0.0) == 0.0  # an ask that is cancelled after a millisecond says nothing of how quick it is
    assert latency.least(7 * DECAY) < 0.001


@given(st.lists(st.tuples(st.sampled_from(["answered", "failed", "waited"]), SECONDS, SECONDS), min_size=1))
def test_it_is_never_above_the_slowest_nor_below_the_last_answer(happened: list[tuple[str, float, float]]) -> None:
    latency, now, slowest = PeakEwma(), 0.0, 0.0
    for what, seconds, pause in happened:
        now += pause
        getattr(latency, what)(seconds, now)
        slowest = max(slowest, seconds, FAILURE if what == "failed" else 0.0)
        assert latency.seconds <= slowest * (1 + 1e-9)
        assert (latency.seconds if what == "answered" else latency.least(now)) >= seconds * (1 - 1e-9)
        assert latency.weight(now + 1) <= latency.weight(now) <= 1
        assert latency.least(now + 1) <= latency.least(now)
