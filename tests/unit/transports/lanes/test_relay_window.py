from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.actors import ProtocolError
from peerbus.actors.streams import ItemCredit
from peerbus.transports.lanes.relay_window import RELAYED_BYTES, RELAYED_ITEMS, RelayWindow


def credit(items: int, size: int) -> ItemCredit:
    made = ItemCredit()
    made.grant(items, size)
    return made


def test_what_the_reader_grants_is_passed_on_as_far_as_the_bound_goes() -> None:
    window = RelayWindow(1, 1)
    window.receive(1, 10, 10)
    assert window.due(credit(1 << 30, 1 << 30), 0) == (RELAYED_ITEMS, RELAYED_BYTES + 9), "and what it owes"
    assert window.due(credit(1 << 30, 1 << 30), 0) is None, "all of it is under way"


def test_what_waits_to_be_written_is_granted_by_and_by() -> None:
    window = RelayWindow(8, 64)
    window.receive(1, 64, 64)
    assert window.due(credit(100, 10 * RELAYED_BYTES), RELAYED_BYTES) is None
    assert window.due(credit(100, 10 * RELAYED_BYTES), RELAYED_BYTES - 1) == (93, 1)


def test_more_than_was_granted_and_an_end_that_does_not_fit_are_faults() -> None:
    window = RelayWindow()
    with pytest.raises(ProtocolError, match="1 items, 5 bytes on a stream without credit"):
        window.receive(1, 5, 5)
    window = RelayWindow(2, 5)
    window.receive(1, 100, 100)
    with pytest.raises(ProtocolError):
        window.receive(1, 1, 1)
    with pytest.raises(ProtocolError, match="ended after 2 items, of which 1 came"):
        RelayWindow.ended(window_of(1), 2)


def window_of(received: int) -> RelayWindow:
    window = RelayWindow(received, received)
    for _ in range(received):
        window.receive(1, 1, 1)
    return window


@given(st.lists(st.tuples(st.integers(1, 400_000), st.integers(1, 2000)), max_size=60), st.data())
def test_whoever_sends_goes_on_as_long_as_the_reader_does(sizes: list[tuple[int, int]], data: st.DataObject) -> None:
    """Any items, any reader that takes what was written: the sender never stands while its reader has granted."""
    reader = credit(1024, 1 << 20)
    window = RelayWindow(min(1024, RELAYED_ITEMS), min(1 << 20, RELAYED_BYTES))
    pending: list[int] = []
    for size, _ in sizes:
        while window.items <= 0 or window.bytes <= 0:
            if pending:
                written = pending.pop(0)
                reader.grant(1, written)
            granted = window.due(reader, sum(pending))
            assert granted is not None or pending, "nobody would ever send again"
            assert pending or (window.items > 0 and window.bytes > 0), "it would not do for the next item"
        window.receive(1, size, size)
        reader.take(size)
        pending.append(size)
        if data.draw(st.booleans()):
            window.due(reader, sum(pending))
        assert sum(pending) <= RELAYED_BYTES + 400_000
