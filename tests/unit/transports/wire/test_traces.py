"""Traces on the wire: read by who traces, skipped by who does not, and never a reason to refuse a message."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.transports.wire import FrameDecoder, FrameEncoder
from peerbus.transports.wire.frame_decoder import decode_body
from peerbus.transports.wire.frames import BATCH_LIMIT, FRAME_LIMIT, PART_SIZE, Ask, Reply, Tell, ZeroCopyTell
from peerbus.transports.wire.traces import (
    TRACED_DECODERS,
    TRACES_LIMIT,
    TRACESTATE_LIMIT,
    TracedAsk,
    TracedTell,
    ZeroCopyTracedTell,
    encode_traces,
    read_traces,
)

PARENT = f"00-{7:032x}-{9:016x}-01"


def raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.msgpack.encode(value))


def body(frame: Tell | Ask) -> bytes:
    return FrameEncoder().body(frame)


def test_whoever_traces_reads_them_and_whoever_does_not_reads_the_message() -> None:
    field = encode_traces({0: (PARENT, "a=b")}, TRACES_LIMIT)
    assert field is not None
    told, asked = TracedTell(3, [(1, 0, b"x")], field), TracedAsk(3, [(1, 500, 1, 0, b"x")], field)
    assert decode_body(body(told)) == Tell(3, [(1, 0, b"x")])
    assert decode_body(body(asked)) == Ask(3, [(1, 500, 1, 0, b"x")])
    for frame in (told, asked):
        read = decode_body(body(frame), TRACED_DECODERS)
        assert isinstance(read, TracedTell | TracedAsk)
        assert read_traces(read.traces) == {0: (PARENT, "a=b")}


def test_frames_without_traces_are_read_as_ever() -> None:
    for frame in (Tell(0, [(1, 0, b"x")]), Ask(0, [(1, 1, 1, 0, b"x")])):
        read = decode_body(body(frame), TRACED_DECODERS)
        assert isinstance(read, TracedTell | TracedAsk)
        assert (read.channel, read.items) == (frame.channel, frame.items)
        assert read_traces(read.traces) == {}
    assert decode_body(FrameEncoder().body(Reply(0, [(1, 1, b"x")])), TRACED_DECODERS) == Reply(0, [(1, 1, b"x")])


def test_a_large_message_is_read_as_a_view_with_its_trace() -> None:
    field = encode_traces({0: (PARENT, "")}, TRACES_LIMIT)
    assert field is not None
    data = FrameEncoder().encode(TracedTell(0, [(1, 0, bytes(PART_SIZE))], field))
    (frame,) = FrameDecoder(FRAME_LIMIT, TRACED_DECODERS).feed(data)
    assert isinstance(frame, ZeroCopyTracedTell)
    assert read_traces(frame.traces) == {0: (PARENT, "")}
    (plain,) = FrameDecoder(FRAME_LIMIT).feed(data)
    assert isinstance(plain, ZeroCopyTell)


@pytest.mark.parametrize(
    "field",
    [
        None,
        [],
        "text",
        {0: PARENT},
        {0: [PARENT]},
        {0: [PARENT, "", ""]},
        {0: [PARENT + "0", ""]},
        {0: [PARENT, "s" * (TRACESTATE_LIMIT + 1)]},
        {-1: [PARENT, ""]},
        {BATCH_LIMIT: [PARENT, ""]},
        {"0": [PARENT, ""]},
        {place: [PARENT, "s" * TRACESTATE_LIMIT] for place in range(200)},
    ],
)
def test_what_is_of_another_form_is_left_out_and_the_message_is_read(field: object) -> None:
    sent = TracedTell(0, [(1, 0, b"x")], raw(field))
    read = decode_body(body(sent), TRACED_DECODERS)
    assert isinstance(read, TracedTell | ZeroCopyTracedTell)
    assert [tuple(map(int.from_bytes, item[-1:])) for item in read.items] == [(ord("x"),)]
    assert read_traces(read.traces) == {}


@given(st.binary(max_size=64))
def test_whatever_stands_there_is_no_error_of_its_own(data: bytes) -> None:
    read_traces(msgspec.Raw(data))


def test_they_take_no_more_room_than_there_is_and_the_first_go_first() -> None:
    traces = dict.fromkeys(range(100), (PARENT, "state=" + "s" * 400))
    for room in (0, 60, 600, 5_000, 10 * TRACES_LIMIT):
        field = encode_traces(traces, room)
        found = {} if field is None else read_traces(field)
        assert len(memoryview(field or msgspec.Raw(b""))) <= min(room, TRACES_LIMIT)
        assert list(found) == list(range(len(found)))
        assert len(found) >= min(len(traces), room // 480 - 1)
    assert encode_traces({}, TRACES_LIMIT) is None
