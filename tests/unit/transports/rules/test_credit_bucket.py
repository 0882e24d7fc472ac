"""Credit is paid for by tokens: whatever arrives had some, so no more arrives than the bucket lets through."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from peerbus.transports.rules.credit_bucket import CreditBucket

STEPS = st.lists(st.tuples(st.floats(0.0, 2.0), st.integers(0, 12), st.integers(0, 12)), max_size=40)


@given(steps=STEPS, rate=st.sampled_from([0.5, 3.0, 10.0]), burst=st.integers(1, 10))
def test_in_any_time_there_arrives_at_most_a_burst_and_what_is_refilled(
    steps: list[tuple[float, int, int]], rate: float, burst: int
) -> None:
    """Of a peer that sends all that it has credit for, and a receiver that grants whenever it is asked."""
    bucket, now, credit = CreditBucket(rate, burst, 0.0), 0.0, burst
    bucket.take(burst)
    came: list[tuple[float, int]] = []
    for pause, wanted, owed in steps:
        now += pause
        sent = min(wanted, credit)
        credit -= sent
        came.append((now, sent))
        granted = min(int(bucket.fill(now, credit) + 1e-9), owed, burst - credit)
        bucket.take(granted)
        credit += granted
    for first, (begin, _) in enumerate(came):
        total = 0
        for end, count in came[first:]:
            total += count
            assert total <= burst + rate * (end - begin) + 1e-6


def test_what_an_idle_peer_has_of_credit_counts_as_full() -> None:
    bucket = CreditBucket(10.0, 5, 0.0)
    bucket.take(5)
    assert bucket.fill(60.0, 0) == 0  # all of it was sent a moment ago
    assert bucket.fill(60.25, 0) == 2.5
    assert bucket.wait(4) == 0.15


def test_what_was_lent_is_paid_back_first_and_who_owes_much_is_known() -> None:
    bucket = CreditBucket(10.0, 5, 0.0)
    owes = []
    for lent in (5, 5, 1):
        bucket.take(lent)
        owes.append(bucket.owes_much)
    assert owes == [False, False, True]
    bucket.give_back(6)
    assert bucket.fill(0.0, 5) == 0


def test_a_bucket_comes_to_the_least_that_it_may_whatever_the_windows_have() -> None:
    bucket = CreditBucket(10, 20, now=0.0, least=2.0)
    bucket.charge(25)
    assert bucket.fill(0.1, issued=50) == -4
    assert bucket.fill(10.0, issued=50) == 2.0
    assert bucket.missing == 0.0
    assert bucket.earned(11.0) == 10
