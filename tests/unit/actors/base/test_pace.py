"""How many lines a second has."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from peerbus.actors.base.pace import Pace


@given(st.lists(st.floats(0, 5), max_size=60).map(sorted), st.integers(1, 4))
def test_each_line_is_told_or_is_in_a_rest_that_somebody_asks_for(times: list[float], most: int) -> None:
    pace, told, rest, asked = Pace(most), dict[int, int](), 0, False
    for now in times:
        if pace.allows(now):
            told[int(now)] = told.get(int(now), 0) + 1
            rest += pace.rest()
            asked = False
        due = pace.due()
        assert not (due and asked)
        asked = asked or due
    if sum(told.values()) + rest < len(times):
        assert asked
    assert sum(told.values()) + rest + pace.rest() == len(times)
    assert all(count <= most for count in told.values())
    assert pace.rest() == 0
