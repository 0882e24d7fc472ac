"""Waiting after failures."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.actors.base.errors import ConfigError
from peerbus.discovery.peer.backoff import Backoff, RetryPolicy

seconds = st.floats(0.001, 1e6)


@given(least=seconds, most=seconds, jitter=st.floats(0, 0.99), failures=st.integers(1, 10_000), seed=st.integers())
def test_a_wait_lies_between_the_schedule_less_its_jitter_and_the_schedule(
    least: float, most: float, jitter: float, failures: int, seed: int
) -> None:
    policy = RetryPolicy(min(least, most), max(least, most), jitter)
    full = min(policy.most, policy.least * 2.0 ** min(failures - 1, 64))
    wait = policy.delay(failures, random.Random(seed))
    assert full * (1 - jitter) * 0.999 <= wait <= full


def test_without_jitter_waits_double_to_the_cap() -> None:
    policy = RetryPolicy(0.25, 3.0, 0.0)
    rng = random.Random(0)
    assert [policy.delay(n, rng) for n in range(1, 7)] == [0.25, 0.5, 1.0, 2.0, 3.0, 3.0]


@pytest.mark.parametrize(
    ("least", "most", "jitter"), [(0, 1, 0), (-1, 1, 0), (2, 1, 0), (1, float("inf"), 0), (1, 2, 1), (1, 2, -0.1)]
)
def test_contradictory_numbers_are_refused(least: float, most: float, jitter: float) -> None:
    with pytest.raises(ConfigError):
        RetryPolicy(least, most, jitter)


def test_equal_times_are_allowed() -> None:
    assert RetryPolicy(1, 1, 0).delay(9, random.Random(0)) == 1


def test_failures_add_up_until_they_are_forgotten() -> None:
    backoff, policy = Backoff(), RetryPolicy(1.0, 8.0, 0.0)
    assert backoff.until < 0
    backoff.failed(10.0, random.Random(0), policy)
    backoff.failed(20.0, random.Random(0), policy)
    assert (backoff.failures, backoff.until) == (2, 22.0)
    backoff.reset()
    assert backoff == Backoff()
