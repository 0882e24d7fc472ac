"""How long a peer that said GOAWAY is waited for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.transports.parting import GOODBYE_TIMEOUT, LONGEST_GOODBYE, Farewell, milliseconds

seconds = st.floats(0, 2 * LONGEST_GOODBYE)


def test_a_peer_that_says_no_time_and_does_nothing_is_waited_for_shortly() -> None:
    assert Farewell("operator", "", 0.0, 100.0).over_at == 100.0 + GOODBYE_TIMEOUT


def test_a_peer_is_waited_for_as_long_as_it_said() -> None:
    assert Farewell("shutting_down", "", 600.0, 100.0).over_at == 700.0 + GOODBYE_TIMEOUT


def test_what_is_under_way_makes_it_longer() -> None:
    farewell = Farewell("shutting_down", "", 0.0, 100.0)
    for now in (105.0, 114.0, 123.0):
        farewell.stirred(now)
        assert farewell.over_at == now + GOODBYE_TIMEOUT


@pytest.mark.parametrize("within", [2 * LONGEST_GOODBYE, 1e9])
def test_nobody_is_waited_for_longer_than_the_bound(within: float) -> None:
    farewell = Farewell("shutting_down", "", within, 100.0)
    assert farewell.over_at == 100.0 + LONGEST_GOODBYE + GOODBYE_TIMEOUT
    farewell.stirred(100.0 + LONGEST_GOODBYE + 1)
    assert farewell.over_at == 100.0 + LONGEST_GOODBYE + GOODBYE_TIMEOUT


@given(seconds, st.lists(seconds, max_size=5))
def test_it_is_never_over_before_its_time_nor_after_the_bound(within: float, stirs: list[float]) -> None:
    farewell = Farewell("shutting_down", "", within, 0.0)
    for now in sorted(stirs):
        farewell.stirred(now)
        assert min(within, LONGEST_GOODBYE) + GOODBYE_TIMEOUT <= farewell.over_at
        assert farewell.over_at <= LONGEST_GOODBYE + GOODBYE_TIMEOUT


@given(seconds)
def test_what_is_said_is_not_less_than_the_time_that_there_is(time: float) -> None:
    said = milliseconds(time)
    assert min(time, LONGEST_GOODBYE) <= said / 1000 <= min(time, LONGEST_GOODBYE) + 0.001001
    assert milliseconds(-1.0) == 0
