"""What stands in the type of an ASK whose answer comes in items."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from peerbus.transports.wire.stream_flags import IN_ITEMS, NUMBER, WITH_ITEMS, flags_of, window_in


@given(st.integers(1, 64), st.integers(1, 2**31 - 1), st.integers(1, 2**31 - 1), st.booleans())
def test_type_window_and_direction_come_back_and_windows_are_no_larger(
    number: int, items: int, size: int, opened: bool
) -> None:
    made = number | flags_of(items, size, opened=opened)
    assert made < 2**32
    assert made >= IN_ITEMS
    assert made & NUMBER == number
    assert bool(made & WITH_ITEMS) is opened
    found = window_in(made)
    assert all(rounded <= exact < 2 * rounded for rounded, exact in zip(found, (items, size), strict=True))
