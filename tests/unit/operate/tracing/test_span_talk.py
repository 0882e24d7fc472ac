"""What of a span travels between the processes of a node, and what is left of one that says too much."""

from __future__ import annotations

import msgspec

from peerbus.operate.tracing.span_talk import (
    MOST_ATTRIBUTES,
    MOST_TEXT,
    SpanBegins,
    SpanEnds,
    plain_attributes,
    read_word,
    word_of,
)
from peerbus.transports.wire import MOST_SPANS

BEGINS = SpanBegins(bytes(15) + b"1", 7, 3, "a=b", "ask notes", 2, {"n": 1, "t": ["a", "b"]}, 10, "peerbus", "1")


def test_what_is_told_is_read_as_it_was() -> None:
    ends = SpanEnds(7, 11, attributes={"error.type": "peer_gone"}, events=[("e", 10, {"x": 1.5})], status=2, text="why")
    assert read_word(word_of(BEGINS)) == BEGINS
    assert read_word(word_of(ends)) == ends


def test_what_is_of_another_form_is_nothing() -> None:
    for data in (b"", b"\xc1", b"\x93\x01\x02\x03", msgspec.msgpack.encode([3, 1]), b"\x91" * 2000):
        assert read_word(data) is None
    assert read_word(msgspec.msgpack.encode([2, -1, 0])) is None


def test_attributes_travel_as_plain_values_and_not_without_end() -> None:
    class Odd:
        def __str__(self) -> str:
            return "odd"

    assert plain_attributes({"a": True, "b": 1 << 70, "c": None, "d": Odd(), "e": (1, Odd()), "f": "x" * 9000}) == {
        "a": True, "b": str(1 << 70), "d": "odd", "e": [1, "odd"], "f": "x" * MOST_TEXT,
    }  # fmt: skip
    assert len(plain_attributes({str(number): number for number in range(1000)})) == MOST_ATTRIBUTES
    assert plain_attributes(None) == {}


def test_a_span_that_says_too_much_is_told_without_that() -> None:
    said = plain_attributes({str(number): "x" * MOST_TEXT for number in range(40)})
    begins = msgspec.structs.replace(BEGINS, attributes=said)
    assert len(word_of(begins)) < MOST_SPANS
    assert read_word(word_of(begins)) == msgspec.structs.replace(BEGINS, attributes={})
    assert read_word(word_of(SpanEnds(7, 11, events=[("e", 1, said)]))) == SpanEnds(7, 11)
