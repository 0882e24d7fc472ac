"""A token bucket never gives more than it says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from peerbus.discovery.mind.token_bucket import TokenBucket


@given(
    st.floats(1.0, 10.0),
    st.floats(0.01, 10.0),
    st.lists(st.floats(0.0, 10.0), max_size=60),
)
def test_it_never_gives_more_than_its_size_and_its_rate(most: float, rate: float, waits: list[float]) -> None:
    bucket, now, taken = TokenBucket(most, rate, 0.0), 0.0, 0
    for wait in waits:
        now += wait
        taken += bucket.take(now)
        assert taken <= most + now * rate + 1e-6


def test_it_fills_up_to_its_size_and_no_further() -> None:
    bucket = TokenBucket(2.0, 1.0, 0.0)
    assert [bucket.take(1000.0) for _ in range(3)] == [True, True, False]
    assert not bucket.take(1000.9)
    assert bucket.take(1001.0)


def test_a_clock_that_goes_back_gives_nothing() -> None:
    bucket = TokenBucket(1.0, 1.0, 10.0)
    assert bucket.take(10.0)
    assert not bucket.take(0.0)
    assert not bucket.take(10.5)
    assert bucket.take(11.0)
