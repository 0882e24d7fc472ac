"""When a pool grows and shrinks by itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.actors import Resizer
from peerbus.actors.pools.resizer import PoolSizing

RULE = Resizer(lower=2, upper=8, grow_after=1.0, shrink_after=10.0)


def test_it_grows_where_the_oldest_message_waits_too_long_and_looks_before_it_grows_again() -> None:
    sizing = PoolSizing(RULE, 0.0)
    assert [sizing.look(now, 4, 1.5, 0) for now in (0.5, 1.0, 1.5, 2.0)] == [4, 5, 4, 5]
    assert sizing.look(3.1, 8, 9.0, 0) == 8


def test_a_short_wait_changes_nothing() -> None:
    sizing = PoolSizing(RULE, 0.0)
    assert sizing.look(100.0, 4, 0.9, 0) == 4


def test_it_shrinks_where_somebody_had_nothing_to_do_for_long() -> None:
    sizing = PoolSizing(RULE, 0.0)
    assert sizing.look(1.0, 4, 0.0, 1) == 4
    assert sizing.look(10.9, 4, 0.0, 2) == 4
    assert sizing.look(11.0, 4, 0.0, 1) == 3
    assert sizing.look(12.0, 3, 0.0, 1) == 3, "it waits as long before the next one leaves"
    assert sizing.look(21.0, 3, 0.0, 1) == 2
    assert sizing.look(99.0, 2, 0.0, 2) == 2, "not below its bound"


def test_one_moment_in_which_all_work_or_something_waits_begins_the_time_anew() -> None:
    for oldest, idle in ((0.0, 0), (0.2, 1)):
        sizing = PoolSizing(RULE, 0.0)
        assert sizing.look(1.0, 4, 0.0, 1) == 4
        assert sizing.look(10.0, 4, oldest, idle) == 4
        assert sizing.look(11.0, 4, 0.0, 1) == 4
        assert sizing.look(20.9, 4, 0.0, 1) == 4
        assert sizing.look(21.0, 4, 0.0, 1) == 3


def test_what_somebody_else_has_set_stands_for_a_while() -> None:
    sizing = PoolSizing(RULE, 0.0)
    assert sizing.look(0.1, 6, 0.0, 6) == 6
    sizing.changed(9.0)
    assert sizing.look(11.0, 6, 0.0, 6) == 6
    assert sizing.look(19.0, 6, 0.0, 6) == 5


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0, 5), st.integers(0, 8))), st.integers(1, 12))
def test_whatever_comes_the_size_stays_within_its_bounds(looks: list[tuple[float, float, int]], size: int) -> None:
    sizing, now = PoolSizing(RULE, 0.0), 0.0
    for pause, oldest, idle in looks:
        now += pause
        size = sizing.look(now, size, oldest, idle)
        assert RULE.lower <= size <= RULE.upper


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"upper": 0}, "upper is 0"),
        ({"upper": 257}, "1 to 256"),
        ({"upper": 2, "lower": 3}, "lower is 3, above upper, 2"),
        ({"upper": 2, "grow_after": 0.0}, "grow_after is 0.0"),
        ({"upper": 2, "shrink_after": float("inf")}, "shrink_after is inf"),
    ],
)
def test_what_is_no_rule_is_refused(said: dict[str, float], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Resizer(**said)  # type: ignore[arg-type]


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(TypeError, match="upper is '8'"):
        Resizer(upper="8")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="grow_after is '1'"):
        Resizer(upper=8, grow_after="1")  # type: ignore[arg-type]
