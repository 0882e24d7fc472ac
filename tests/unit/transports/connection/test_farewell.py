"""How long a peer that said GOAWAY is waited for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.transports.connection.farewell import GOODBYE_TIMEOUT, LONGEST_GOODBYE, Farewell, milliseconds

seconds = st.floats(0, 2 * LONGEST_GOODBYE)


def over_at(farewell: Farewell, now: float) -> float:
    return farewell.look(now, asks_open=False)


def test_a_peer_that_says_no_time_and_does_nothing_is_waited_for_shortly() -> None:
    assert over_at(Farewell("operator", "", 0.0, 100.0), 100.0) == 100.0 + GOODBYE_TIMEOUT


def test_a_peer_is_waited_for_as_long_as_it_said() -> None:
    assert over_at(Farewell("shutting_down", "", 600.0, 100.0), 100.0) == 700.0 + GOODBYE_TIMEOUT


def test_what_it_sends_makes_it_longer() -> None:
    farewell = Farewell("shutting_down", "", 0.0, 100.0)
    for now in (105.0, 114.0, 123.0):
        farewell.came(now)
        assert over_at(farewell, now + 5) == now + GOODBYE_TIMEOUT


def test_an_open_ask_makes_it_longer_and_none_is_cut_as_soon_as_it_has_ended() -> None:
    farewell = Farewell("shutting_down", "", 0.0, 100.0)
    assert farewell.look(110.0, asks_open=True) == 120.0
    assert farewell.look(120.0, asks_open=True) == 130.0
    assert farewell.look(130.0, asks_open=False) == 140.0
    assert farewell.look(140.0, asks_open=False) == 140.0


@pytest.mark.parametrize("within", [2 * LONGEST_GOODBYE, 1e9])
def test_nobody_is_waited_for_longer_than_the_bound(within: float) -> None:
    farewell = Farewell("shutting_down", "", within, 100.0)
    assert over_at(farewell, 100.0) == 100.0 + LONGEST_GOODBYE + GOODBYE_TIMEOUT
    farewell.came(100.0 + LONGEST_GOODBYE + 1)
    assert farewell.look(3700.0, asks_open=True) == 100.0 + LONGEST_GOODBYE + GOODBYE_TIMEOUT


@given(seconds, st.lists(st.tuples(seconds, st.booleans()), max_size=5))
def test_it_is_never_over_before_its_time_nor_after_the_bound(within: float, stirs: list[tuple[float, bool]]) -> None:
    farewell = Farewell("shutting_down", "", within, 0.0)
    for now, asks_open in sorted(stirs):
        if not asks_open:
            farewell.came(now)
        at = farewell.look(now, asks_open=asks_open)
        assert min(within, LONGEST_GOODBYE) + GOODBYE_TIMEOUT <= at <= LONGEST_GOODBYE + GOODBYE_TIMEOUT
        assert at >= min(now, LONGEST_GOODBYE) + GOODBYE_TIMEOUT


@given(seconds)
def test_what_is_said_is_not_less_than_the_time_that_there_is(time: float) -> None:
    said = milliseconds(time)
    assert min(time, LONGEST_GOODBYE) <= said / 1000 <= min(time, LONGEST_GOODBYE) + 0.001001
    assert milliseconds(-1.0) == 0
