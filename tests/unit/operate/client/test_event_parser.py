"""Events are read out of bytes as the standard says, however they are cut."""

from __future__ import annotations

import collections
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.operate.client.event_parser import EventParser, SentEvent

STREAM = (
    b"\xef\xbb\xbfretry: 1000\n\n: alive\n\nid: 7\nevent: PeerUp\ndata: {\ndata: }\n\n"
    b"data:no blank\r\nid\r\n\r\nevent: nothing\n\nid: 9\rdata: \xc3\xa9\r\runknown: x\nretry: no\ndata\n\n"
)
EVENTS = [
    SentEvent("PeerUp", "{\n}", "7"),
    SentEvent("message", "no blank", ""),
    SentEvent("message", "é", "9"),
    SentEvent("message", "", "9"),
]


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_a_stream_reads_the_same_wherever_it_is_cut(cuts: list[int]) -> None:
    parser = EventParser()
    edges = sorted({0, len(STREAM), *cuts})
    found = [event for low, high in pairwise(edges) for event in parser.feed(STREAM[low:high])]
    assert found == EVENTS
    assert (parser.last_id, parser.retry) == ("9", 1000)


@given(st.binary(max_size=300))
def test_no_bytes_are_too_strange(data: bytes) -> None:
    EventParser().feed(data)


@pytest.mark.parametrize("piece", [b"x" * 70_000, b"data: " + b"x" * 70_000 + b"\n"])
def test_an_event_without_an_end_is_given_up(piece: bytes) -> None:
    parser = EventParser()
    with pytest.raises(ValueError, match="more than"):
        collections.deque(map(parser.feed, [piece] * 20))
