"""Windows of items and bytes: what may go, what is owed, and how a stream ends."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.actors import ProtocolError
from peerbus.actors.streams.credit import MAX_WINDOW, ItemCredit, ItemWindow


@given(
    st.integers(1, 20),
    st.integers(1, 1_000),
    st.lists(st.tuples(st.integers(0, 2_000), st.booleans()), max_size=200),
)
def test_a_sender_that_keeps_to_its_credit_never_overruns_and_never_waits_for_ever(
    items: int, size: int, steps: list[tuple[int, bool]]
) -> None:
    window, credit = ItemWindow(items, size), ItemCredit()
    credit.grant(items, size)
    held: deque[int] = deque()
    for wanted, takes in steps:
        if takes and held:
            due = window.take(1, held.popleft())
            if due is not None:
                credit.grant(*due)
        elif credit.ready:
            credit.take(wanted)
            window.receive(1, wanted, wanted)
            held.append(wanted)
        assert len(held) <= items
        assert sum(held) < size + max([*held, 1])
    while held:
        due = window.take(1, held.popleft())
        if due is not None:
            credit.grant(*due)
    assert credit.ready, "all was taken, so something may go"
    window.ended(credit.sent)


def test_more_than_was_granted_is_a_fault_of_the_sender() -> None:
    with pytest.raises(ProtocolError, match="window_overrun"):
        ItemWindow(2, 100).receive(3, 3, 1)
    window = ItemWindow(10, 100)
    window.receive(2, 300, 250)
    with pytest.raises(ProtocolError, match="window_overrun"):
        window.receive(1, 1, 1)
    with pytest.raises(ProtocolError, match="stream_gap"):
        window.ended(3)
    with pytest.raises(ProtocolError, match="credit_overflow"):
        ItemCredit().grant(MAX_WINDOW + 1, 1)
    with pytest.raises(ValueError, match="1 item and 1 byte"):
        ItemWindow(0, 1)
