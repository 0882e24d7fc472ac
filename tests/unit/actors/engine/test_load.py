"""How loads are compared of which not everything is known."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from peerbus.actors.engine.load import ALIKE, AVOIDED, LEAST_SECONDS, Load, Loads

LOADS = st.lists(
    st.builds(Load, st.integers(0, 99), st.floats(0, 100), st.floats(0, 1), st.one_of(st.just(0.0), st.floats(0, 10))),
    max_size=12,
)


def test_who_was_not_measured_counts_as_the_median_of_those_that_were() -> None:
    measured = [Load(0, seconds, 1.0) for seconds in (0.1, 0.5, 0.2)]
    unknown = Load(0)
    assert Loads([*measured, unknown]).seconds(unknown) == 0.2
    assert Loads([*measured[:2], unknown, unknown]).seconds(unknown) == 0.3
    assert Loads([unknown, unknown]).seconds(unknown) == LEAST_SECONDS


def test_the_only_one_that_was_measured_is_as_good_as_the_others() -> None:
    slow, unknown = Load(0, 0.2, 1.0), Load(0)
    loads = Loads([slow, unknown, unknown])
    assert not loads.less(unknown, slow)
    assert not loads.less(slow, unknown)
    assert loads.less(slow, Load(1))
    assert loads.less(unknown, slow._replace(in_flight=1))


def test_what_was_measured_long_ago_counts_as_what_is_usual_now() -> None:
    now, long_ago = Load(0, 0.2, 1.0), Load(0, 1.0, 0.0001)
    assert abs(Loads([now, now, long_ago]).seconds(long_ago) - 0.2) < 0.001
    forgotten = Load(0, 0.2, 1e-300)
    loads = Loads([forgotten, Load(0, 0.25, 1e-300), Load(0)])
    assert loads.less(forgotten, Load(1))  # and nobody looks quicker than the others for having rested
    assert loads.seconds(Load(0)) >= 0.2


def test_a_far_peer_is_slow_before_its_reactor_was_measured_and_an_unknown_way_is_a_usual_one() -> None:
    near, far, unknown = Load(0, least=0.002), Load(0, least=0.3), Load(0)
    loads = Loads([near, near, far, unknown])
    assert loads.less(near, far)
    assert loads.seconds(unknown) == 0.002
    assert Loads([far, unknown]).seconds(unknown) == 0.3
    assert Loads([Load(0, 0.01, 1.0), far]).seconds(far) == 0.3


def test_of_those_as_quick_the_one_with_less_in_flight_is_better_and_a_much_slower_one_only_with_much_less() -> None:
    quick, slower, slow = Load(2, 0.1, 1.0), Load(1, 0.1 * ALIKE * 0.99, 1.0), Load(1, 0.5, 1.0)
    loads = Loads([quick, slower, slow])
    assert loads.less(slower, quick)
    assert loads.less(quick, slow)
    assert loads.less(slow, quick._replace(in_flight=20))


def test_who_let_somebody_wait_in_vain_is_slow_and_makes_nobody_else_look_so() -> None:
    stuck, unknown = Load(0, vain=2.0), Load(0)
    loads = Loads([stuck, unknown, unknown])
    assert loads.seconds(unknown) == LEAST_SECONDS
    assert loads.less(unknown._replace(in_flight=50), stuck)
    assert [loads.crowd(each) for each in (stuck, unknown, Load(8))] == [AVOIDED, 1, 9]
    assert loads.crowd(Load(0, vain=LEAST_SECONDS)) == 1  # it is forgotten


@given(LOADS)
def test_no_two_are_each_better_than_the_other_and_nobody_than_himself(loads: list[Load]) -> None:
    compared = Loads(loads)
    for one in loads:
        assert compared.seconds(one) >= max(one.least, LEAST_SECONDS)
        for other in loads:
            assert not (compared.less(one, other) and compared.less(other, one))
        assert not compared.less(one, one)
