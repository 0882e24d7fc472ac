"""Who has which key, and what moves when members come and go."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.actors.pools.roster import Roster, jump, number_of

numbers = st.integers(0, (1 << 64) - 1)


@given(numbers, st.integers(1, 255))
def test_one_bucket_more_moves_a_number_there_or_nowhere(number: int, buckets: int) -> None:
    before, after = jump(number, buckets), jump(number, buckets + 1)
    assert after in (before, buckets)


def test_keys_are_spread_evenly_and_always_in_the_same_way() -> None:
    roster = Roster("abcde")
    owners = Counter(roster.owner(number_of(f"user-{n}")) for n in range(5_000))
    assert all(900 < owners[each] < 1_100 for each in "abcde")
    assert number_of("user-1") == number_of("user-1") != number_of("user-2")


def test_the_keys_of_one_that_has_ended_are_spread_and_no_other_moves() -> None:
    whole = Roster("abcd")
    keys = [number_of(str(n)) for n in range(1_000)]
    third = whole.slots[2]
    assert third is not None
    left = whole.without(third)
    assert {left.owner(key) for key in keys if whole.owner(key) == "c"} == set("abd")
    assert all(left.owner(key) == whole.owner(key) for key in keys if whole.owner(key) != "c")
    again = left.filled(dict.fromkeys(left.free(4), "c"))
    assert [again.owner(key) for key in keys] == [whole.owner(key) for key in keys]


def test_free_numbers_are_filled_and_the_last_ones_leave() -> None:
    second = "b"
    roster = Roster(["a", second, "c"]).without(second)
    assert roster.free(5) == [1, 3, 4]
    assert roster.filled({1: "x", 3: "y"}).slots == ("a", "x", "c", "y")
    assert roster.first(2).alive == ("a",)


def test_where_nobody_is_left_nobody_has_a_key() -> None:
    with pytest.raises(IndexError):
        Roster[str]().owner(7)
    with pytest.raises(IndexError):
        Roster([None]).owner(7)
