"""Bytes as frames: every way to cut them, and whatever a hostile peer may send."""

from __future__ import annotations

import itertools
import tracemalloc

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from some_frames import SAMPLES, decode, framed, frames

from peerbus.actors.base.errors import ProtocolError
from peerbus.transports.wire import frames as wire
from peerbus.transports.wire.frame_decoder import FrameDecoder, decode_body
from peerbus.transports.wire.frame_encoder import FrameEncoder
from peerbus.transports.wire.frames import ArrivedFrame, Frame, Ping

#: So that a wrong length is refused or can be fed.
LIMIT_WHEN_WRONG = 200


def fault(data: bytes, limit: int = wire.FRAME_LIMIT) -> str:
    with pytest.raises(ProtocolError) as caught:
        decode(data, limit)
    return caught.value.reason


def collect(decoder: FrameDecoder, chunks: list[bytes]) -> tuple[list[ArrivedFrame], str | None]:
    """All frames that come out, and the reason of the fault that ended them."""
    out: list[ArrivedFrame] = []
    try:
        for chunk in chunks:
            for frame in decoder.feed(chunk):
                out.append(frame)
    except ProtocolError as error:
        return out, error.reason
    return out, None


@settings(max_examples=50, deadline=None)
@given(st.lists(frames, min_size=1, max_size=4), st.data())
def test_frames_come_out_the_same_wherever_the_bytes_are_cut(sent: list[Frame], data: st.DataObject) -> None:
    encoder = FrameEncoder()
    stream = b"".join(encoder.encode(frame) for frame in sent)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=8)))
    chunks = [stream[a:b] for a, b in itertools.pairwise([0, *cuts, len(stream)])]
    assert collect(FrameDecoder(wire.FRAME_LIMIT), chunks) == (sent, None)


def test_truncated_input_waits_at_every_single_byte() -> None:
    frame = wire.Tell(1, [(1, 0, b"x" * 70000)])
    head = FrameEncoder().encode(wire.Ping(7)) + FrameEncoder().encode(wire.Reject("no", "text"))
    for cut in range(len(head)):
        decoder = FrameDecoder(wire.FRAME_LIMIT)
        first, second = list(decoder.feed(head[:cut])), list(decoder.feed(head[cut:]))
        assert [*first, *second] == [wire.Ping(7), wire.Reject("no", "text")]
    large = FrameEncoder().encode(frame)
    assert decode(large[:-1]) == []


def test_one_byte_at_a_time_gives_every_frame_once() -> None:
    sent: list[Frame] = [wire.Ping(n) for n in range(50)]
    stream = b"".join(FrameEncoder().encode(frame) for frame in sent)
    chunks = [stream[i : i + 1] for i in range(len(stream))]
    assert collect(FrameDecoder(100), chunks) == (sent, None)


def test_a_large_piece_of_many_small_frames_is_read_in_one_go() -> None:
    stream = FrameEncoder().encode(wire.Ping(1)) * 100_000
    assert len(decode(stream)) == 100_000


def test_frames_before_a_fault_are_given_before_it_raises() -> None:
    stream = FrameEncoder().encode(wire.Ping(1)) + framed(b"\xc1")
    whole = collect(FrameDecoder(100), [stream])
    bytewise = collect(FrameDecoder(100), [stream[i : i + 1] for i in range(len(stream))])
    assert whole == bytewise == ([wire.Ping(1)], "bad_frame")


def test_feeding_while_the_last_frames_are_still_being_taken_keeps_the_order() -> None:
    decoder = FrameDecoder(100)
    encoder = FrameEncoder()
    one, two, three = (encoder.encode(wire.Ping(n)) for n in (1, 2, 3))
    taking = decoder.feed(one + two[:3])
    assert next(taking) == wire.Ping(1)
    rest = decoder.feed(two[3:] + three)
    assert [*taking, *rest] == [wire.Ping(2), wire.Ping(3)]


def test_bytes_that_made_no_frame_can_be_taken_over() -> None:
    decoder = FrameDecoder(100)
    stream = FrameEncoder().encode(wire.Welcome()) + b"the rest"
    assert next(decoder.feed(stream)) == wire.Welcome()
    assert decoder.rest() == b"the rest"
    assert decoder.rest() == b""


def test_a_frame_over_the_limit_is_refused_by_its_announced_length() -> None:
    assert decode((100).to_bytes(4, "big"), limit=100) == []
    assert fault((101).to_bytes(4, "big"), limit=100) == "frame_too_large"
    assert fault(b"\xff\xff\xff\xff") == "frame_too_large"


def test_the_limit_can_be_raised_between_frames() -> None:
    decoder = FrameDecoder(10)
    assert list(decoder.feed(FrameEncoder().encode(wire.Ping(1)))) == [wire.Ping(1)]
    decoder.limit = 100
    frame = wire.GoAway("bye", "x" * 50)
    assert list(decoder.feed(FrameEncoder().encode(frame))) == [frame]


def test_a_decoder_that_failed_stays_failed() -> None:
    decoder = FrameDecoder(100)
    with pytest.raises(ProtocolError) as first:
        list(decoder.feed(framed(b"\xc1")))
    with pytest.raises(ProtocolError) as second:
        list(decoder.feed(FrameEncoder().encode(wire.Welcome())))
    assert first.value is second.value


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "bad_frame"),
        (b"\xc1", "bad_frame"),
        (b"\x91", "bad_frame"),
        (b"\x91\x01\x01", "bad_frame"),
        (b"\x90", "bad_frame"),
        (b"\x80", "bad_frame"),
        (b"\x91\xa1a", "bad_frame"),
        (b"\x91\xc3", "bad_frame"),
        (b"\x93\x02\xa1\xff\xa0", "bad_frame"),
        (b"\xdd\xff\xff\xff\xff", "bad_frame"),
        (b"\x93\x03\x00\xdd\xff\xff\xff\xff", "bad_frame"),
        (b"\x93\x03\x00\xdc\x00\x01", "bad_frame"),
        (b"\x92\x01" + b"\x91" * 50_000 + b"\xc0", "bad_frame"),
        (b"\x91\x18", "unknown_kind"),
        (b"\x91\xff", "unknown_kind"),
        (b"\x91\xcf\xff\xff\xff\xff\xff\xff\xff\xff", "unknown_kind"),
    ],
)
def test_a_body_that_is_no_frame_is_refused_with_a_reason(body: bytes, reason: str) -> None:
    assert fault(framed(body)) == reason


@settings(max_examples=300, deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=6))
def test_garbage_raises_nothing_but_a_protocol_error(chunks: list[bytes]) -> None:
    collect(FrameDecoder(wire.HANDSHAKE_FRAME_LIMIT), chunks)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60))
def test_a_garbage_body_raises_nothing_but_a_protocol_error(body: bytes) -> None:
    collect(FrameDecoder(wire.HANDSHAKE_FRAME_LIMIT), [framed(body)])


@settings(max_examples=200, deadline=None)
@given(frames, st.data())
def test_a_flipped_byte_raises_nothing_but_a_protocol_error(frame: Frame, data: st.DataObject) -> None:
    body = bytearray(FrameEncoder().body(frame))
    at = data.draw(st.integers(0, len(body) - 1))
    body[at] ^= data.draw(st.integers(1, 255))
    collect(FrameDecoder(wire.FRAME_LIMIT), [framed(bytes(body))])


@pytest.mark.parametrize("name", SAMPLES)
def test_any_one_byte_of_a_frame_may_be_wrong(name: str) -> None:
    data = FrameEncoder().encode(SAMPLES[name])
    for place in range(len(data)):
        for byte in range(256):
            wrong = data[:place] + bytes([byte]) + data[place + 1 :]
            # After a wrong length more may be awaited: then that much is there.
            read, reason = collect(FrameDecoder(LIMIT_WHEN_WRONG), [wrong, bytes(300)])
            assert reason in {None, "bad_frame", "bad_field", "unknown_kind", "frame_too_large"}
            for frame in read:
                assert decode(FrameEncoder().encode(frame)) == [frame]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_frame_cut_after_any_byte_of_its_body_is_a_bad_frame(name: str) -> None:
    body = FrameEncoder().body(SAMPLES[name])
    for end in range(len(body)):
        assert fault(framed(body[:end])) in {"bad_frame", "bad_field"}


@pytest.mark.parametrize("head", [b"\xdd", b"\xdf", b"\xdb", b"\xc6", b"\xc9"])
@pytest.mark.parametrize("name", SAMPLES)
def test_a_size_that_lies_allocates_nothing(name: str, head: bytes) -> None:
    """Array, map, text, bytes, extension: each says that 4 GiB follow."""
    body = FrameEncoder().body(SAMPLES[name])
    lies = [framed(body[:place] + head + b"\xff" * 4 + body[place + 1 :]) for place in range(len(body))]
    lies.append((wire.FRAME_LIMIT).to_bytes(4, "big") + body)
    tracemalloc.start()
    try:
        for lie in lies:
            collect(FrameDecoder(wire.FRAME_LIMIT), [lie])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1 << 20


def test_a_body_is_read_from_a_bytearray_as_well() -> None:
    body = FrameEncoder().body(wire.Tell(0, [(0, 0, b"x")]))
    assert decode_body(bytearray(body)) == wire.Tell(0, [(0, 0, b"x")])


@pytest.mark.parametrize("kind", [128, 200, 255])
def test_a_frame_of_a_kind_for_later_is_left_out_and_what_follows_is_read(kind: int) -> None:
    later = framed(msgspec.msgpack.encode((kind, {"a": [1, b"x"]}, "text")))
    ping = FrameEncoder().encode(Ping(7))
    data = later + ping + later + later + ping
    for size in (1, 5, len(data)):
        read, reason = collect(
            FrameDecoder(wire.FRAME_LIMIT), [data[at : at + size] for at in range(0, len(data), size)]
        )
        assert (read, reason) == ([Ping(7), Ping(7)], None)


@pytest.mark.parametrize("kind", [-1, 24, 127, 256])
def test_any_other_kind_that_is_not_known_is_refused(kind: int) -> None:
    assert fault(framed(msgspec.msgpack.encode((kind, 1)))) == "unknown_kind"


@pytest.mark.parametrize("rest", [b"", b"\xc1", b"\x91" * 50_000 + b"\xc0", b"\1\1"])
def test_a_frame_that_is_left_out_has_to_be_one(rest: bytes) -> None:
    assert fault(framed(b"\x92\xcc\x80" + rest)) == "bad_frame"


def test_a_large_body_has_its_memory_from_the_first_byte_on_and_may_be_read_into_it() -> None:
    large = wire.Tell(1, [(1, 0, bytes(range(256)) * 1000)])
    sent = FrameEncoder().encode(Ping(1)) + FrameEncoder().encode(large) + FrameEncoder().encode(Ping(2))
    for first in (0, 3, 9, 20, 5000):  # before its length, in it, in its head, in its payload
        decoder = FrameDecoder(wire.FRAME_LIMIT)
        decoder.whole = 1 << 20
        came = list(decoder.feed(sent[:first]))
        came += decoder.feed(sent[first : first + 15])
        at = first + 15
        while (place := decoder.place()) is None:
            came += decoder.feed(sent[at : at + 1])
            at += 1
        assert decoder.buffered == len(FrameEncoder().encode(large)) - 4, "all of it is held from now on"
        half = len(place) // 2
        begun = decoder.begun
        place[:half] = sent[at : at + half]
        assert not decoder.came(half)
        assert decoder.begun is begun
        came += decoder.feed(sent[at + half : at + half + 7])  # as of a stream that does not know of the place
        left = decoder.place()
        assert left is not None
        left[:] = sent[at + half + 7 : at + len(place)]
        assert decoder.came(len(left))
        came += decoder.feed(b"")
        came += decoder.feed(sent[at + len(place) :])
        assert [type(each).__name__ for each in came] == ["Ping", "ZeroCopyTell", "Ping"]
        (tell,) = [each for each in came if isinstance(each, wire.ZeroCopyTell)]
        assert tell.items[0][2] == large.items[0][2]
        assert decoder.place() is None
        assert decoder.buffered == 0


def test_what_is_small_or_larger_than_was_said_has_no_memory_before_it_is_there() -> None:
    for size, whole in ((1000, 1 << 20), (1 << 20, 1 << 19), (1 << 20, 0)):
        decoder = FrameDecoder(wire.FRAME_LIMIT)
        decoder.whole = whole
        data = FrameEncoder().encode(wire.Tell(1, [(1, 0, bytes(size))]))
        assert list(decoder.feed(data[:500])) == []
        assert decoder.place() is None
        assert decoder.buffered == 500
        assert len(list(decoder.feed(data[500:]))) == 1


def test_memory_of_a_large_body_is_used_again_unless_somebody_keeps_a_view_of_it() -> None:
    decoder = FrameDecoder(wire.FRAME_LIMIT)
    decoder.whole = 1 << 20
    kept: list[memoryview] = []
    places = []
    for number in range(5):
        payload = bytes([number]) * (200_000 - number * 1000)
        data = FrameEncoder().encode(wire.Tell(1, [(1, 0, payload)]))
        assert list(decoder.feed(data[:100])) == []
        place = decoder.place()
        assert place is not None
        places.append(id(place.obj))
        place[:] = data[100:]
        del place
        assert decoder.came(len(data) - 100)
        (frame,) = decoder.feed(b"")
        assert isinstance(frame, wire.ZeroCopyTell)
        assert frame.items[0][2] == payload
        if number == 2:
            kept.append(frame.items[0][2])
        del frame
        if number == 3:
            decoder.beat()
            assert decoder._place is not None, "it was used of late"
            decoder.beat()
            assert decoder._place is None
    assert places[0] == places[1] == places[2]
    assert kept[0] == b"\x02" * 198_000, "it is not written over"
