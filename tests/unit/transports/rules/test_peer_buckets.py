"""The buckets of one peer on one channel are those of all its connections."""

from __future__ import annotations

from dataclasses import dataclass

from peerbus.actors import Rate
from peerbus.transports.rules import PeerBuckets


@dataclass
class Window:
    credit: tuple[int, int]


def test_credit_is_granted_as_far_as_there_are_tokens_and_asked_for_again_when_there_are_more() -> None:
    buckets, window = PeerBuckets(Rate(messages=10, messages_burst=4), 0.0), Window((4, 100))
    buckets.open(window, 0.0)
    window.credit = (0, 0)
    assert buckets.pay(4, 100, 0.0, at_once=False) == (0, 100, 0.1)
    assert buckets.pay(4, 0, 0.25, at_once=False)[0] == 2
    window.credit = (2, 0)
    assert buckets.levels(1.0) == (2.0, None)


def test_a_second_connection_has_its_window_by_what_it_lends_and_the_first_gives_back_its_own() -> None:
    buckets = PeerBuckets(Rate(messages=10, messages_burst=4, bytes=100), 0.0)
    one, two, three = Window((4, 100)), Window((4, 100)), Window((4, 100))
    buckets.open(one, 0.0)
    buckets.open(two, 0.0)
    assert (buckets.levels(0.0), buckets.owes_much) == ((-4.0, -100.0), False)
    buckets.open(three, 0.0)
    assert buckets.owes_much
    for window in (one, two, three):
        assert not buckets.is_full(0.0)
        buckets.close(window, 0.0)
    assert (buckets.levels(0.0), buckets.is_full(0.0)) == ((4.0, 100.0), True)


def test_however_little_is_granted_at_once_where_that_is_asked_for() -> None:
    buckets, window = PeerBuckets(Rate(bytes=10_000, bytes_burst=1000), 0.0), Window((9, 1000))
    buckets.open(window, 0.0)
    window.credit = (9, 0)
    buckets.levels(0.0)
    assert buckets.pay(1, 1000, 0.001, at_once=False)[:2] == (1, 0)
    assert buckets.pay(1, 1000, 0.002, at_once=True)[:2] == (1, 20)


def test_messages_and_items_have_half_of_the_rate_each_where_both_want_it_and_all_where_one_does() -> None:
    buckets = PeerBuckets(Rate(messages=10, messages_burst=10), now=0.0)
    window, share = Window((10, 0)), Window((0, 0))
    buckets.open(window, 0.0)
    buckets.join(share, 0.0)
    assert buckets.pay_items((1000, 0), (0, 0), 0.0)[0] == 5  # half of a burst, as others may want some
    share.credit = (5, 0)
    assert buckets.pay_items((5, 0), (5, 0), 0.0)[0] == 2
    share.credit = (0, 0)  # all came
    given = 0
    for step in range(1, 101):  # nobody else wants any
        more = buckets.pay_items((1000, 0), (0, 0), step / 10)[0]
        given += more
    assert 90 <= given <= 103
    window.credit = (0, 0)  # all messages came, and are owed
    told = given = 0
    for step in range(101, 201):
        told += buckets.pay(1000, 0, step / 10, at_once=False)[0]
        given += buckets.pay_items((1000, 0), (0, 0), step / 10)[0]
    assert 45 <= told <= 56
    assert 45 <= given <= 56
    buckets.leave(share, 20.0)
    buckets.close(window, 20.0)
    assert not buckets.is_full(20.0)
    assert buckets.is_full(40.0)
