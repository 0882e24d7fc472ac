"""A large frame of many messages is taken apart, and nothing of it is lost, changed or moved."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.transports.wire.frames import ZeroCopyAsk, ZeroCopyItems, ZeroCopyReply, ZeroCopyTell
from peerbus.transports.wire.pieces import in_pieces
from peerbus.transports.wire.traces import TRACES_LIMIT, ZeroCopyTracedTell, encode_traces, read_traces

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@given(st.lists(st.integers(0, 300), min_size=1, max_size=60), st.integers(1, 400))
def test_pieces_have_all_messages_in_their_order_and_are_small(sizes: list[int], most: int) -> None:
    frame = ZeroCopyTell(5, [(1, 0, memoryview(bytes([place]) * size)) for place, size in enumerate(sizes)])
    found = list(in_pieces(frame, most))
    assert [item for piece in found if isinstance(piece, ZeroCopyTell) for item in piece.items] == frame.items
    for piece in found:
        assert isinstance(piece, ZeroCopyTell)
        assert piece.channel == 5
        assert len(piece.items) == 1 or sum(len(item[-1]) for item in piece.items) <= most
    for one, other in pairwise(found):
        assert isinstance(one, ZeroCopyTell)
        assert isinstance(other, ZeroCopyTell)
        assert sum(len(item[-1]) for item in one.items) + len(other.items[0][-1]) > most, "no more pieces than needed"


@pytest.mark.parametrize(
    "frame",
    [
        ZeroCopyAsk(1, [(rid, 100, 1, 0, memoryview(b"x" * 900)) for rid in range(1, 8)]),
        ZeroCopyReply(1, [(rid, 1, memoryview(b"x" * 900)) for rid in range(1, 8)]),
    ],
)
def test_asks_and_answers_as_well(frame: ZeroCopyAsk | ZeroCopyReply) -> None:
    found = list(in_pieces(frame, 2000))
    assert {type(piece) for piece in found} == {type(frame)}
    numbers = [[item[0] for item in piece.items] for piece in found if not isinstance(piece, ZeroCopyItems)]
    assert numbers == [[1, 2], [3, 4], [5, 6], [7]]


def test_items_of_a_stream_as_well() -> None:
    frame = ZeroCopyItems(3, 7, 1, [memoryview(bytes([number]) * 900) for number in range(7)])
    found = list(in_pieces(frame, 2000))
    assert all(
        isinstance(piece, ZeroCopyItems) and (piece.lane, piece.rid, piece.number) == (3, 7, 1) for piece in found
    )
    assert [
        payload for piece in found if isinstance(piece, ZeroCopyItems) for payload in piece.payloads
    ] == frame.payloads
    assert len(found) == 4


def test_a_message_keeps_its_trace() -> None:
    traces = encode_traces({1: (PARENT, "one"), 4: (PARENT, "four")}, TRACES_LIMIT)
    assert traces is not None
    frame = ZeroCopyTracedTell(0, [(1, 0, memoryview(b"%d" % place)) for place in range(6)], traces)
    found = []
    for piece in in_pieces(frame, 3):
        assert isinstance(piece, ZeroCopyTracedTell)
        traces_of_it = read_traces(piece.traces)
        found += [(item, traces_of_it.get(place)) for place, item in enumerate(piece.items)]
    assert [bytes(item[-1]) for item, _ in found] == [b"%d" % place for place in range(6)]
    assert [trace and trace[1] for _, trace in found] == [None, "one", None, None, "four", None]
