"""Frames: round trips, every way to cut the bytes, and whatever a hostile peer may send."""

from __future__ import annotations

import itertools
import tracemalloc
from collections.abc import Callable
from typing import cast

import msgpack
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peerbus.actors.base.errors import ProtocolError
from peerbus.transports.wire import frames as wire
from peerbus.transports.wire.frames import Frame, FrameDecoder, FrameEncoder
from peerbus.transports.wire.hello import ChannelInfo, Hello

u32 = st.integers(0, 2**32 - 1)
u64 = st.integers(0, 2**64 - 1)
rids = st.integers(1, 2**32 - 1)
indexes = st.integers(0, 255)
payloads = st.binary(max_size=300)
words = st.text(max_size=64)
texts = st.text(max_size=300)
printable = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20)
roles = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,20}", fullmatch=True)
offers = st.lists(roles, max_size=4, unique=True).map(tuple)
windows = st.integers(1, 2**32 - 1)
channels = st.builds(
    ChannelInfo,
    name=printable,
    types=st.lists(printable, max_size=4, unique=True).map(tuple),
    schema=st.binary(min_size=16, max_size=16),
    messages=windows,
    bytes=windows,
    max_message=st.integers(1, 2**24),
    priority=st.integers(1, 255),
)
hellos = st.builds(
    Hello,
    node_id=st.text("0123456789abcdef", min_size=64, max_size=64),
    network=printable,
    name=printable,
    incarnation=u64,
    listen=st.lists(printable, max_size=3).map(tuple),
    offers=offers,
    channels=st.lists(channels, max_size=3, unique_by=lambda info: info.name).map(tuple),
    agent=printable,
    nonce=st.binary(min_size=16, max_size=16),
)


def batches(item: st.SearchStrategy[tuple[object, ...]]) -> st.SearchStrategy[list[tuple[object, ...]]]:
    return st.lists(item, min_size=1, max_size=5)


FRAMES: dict[int, st.SearchStrategy[Frame]] = {
    0: st.builds(wire.HelloFrame, hellos),
    1: st.builds(wire.Welcome),
    2: st.builds(wire.Reject, words, texts),
    3: st.builds(wire.Tell, indexes, batches(st.tuples(u32, u32, payloads))),
    4: st.builds(wire.Ask, indexes, batches(st.tuples(rids, u32, u32, u32, payloads))),
    5: st.builds(wire.Reply, indexes, batches(st.tuples(rids, u32, payloads))),
    6: st.builds(wire.Error, u32, indexes, u64, words, texts),
    7: st.builds(wire.Cancel, rids),
    8: st.builds(wire.Credit, batches(st.tuples(indexes, u32, u32))),
    9: st.builds(wire.Ping, u64),
    10: st.builds(wire.Pong, u64),
    11: st.builds(wire.Open, indexes, channels),
    12: st.builds(wire.Close, indexes, words),
    13: st.builds(wire.Update, offers),
    14: st.builds(wire.GoAway, words, texts, u32),
    15: st.builds(wire.Part, st.integers(0, 511), u32, st.binary(min_size=1, max_size=300)),
    16: st.builds(wire.ProbeFrame, u32, indexes, u64, st.lists(st.text(max_size=160), min_size=1, max_size=4)),
}
frames = st.one_of(*FRAMES.values())
#: So that a wrong length is refused or can be fed.
LIMIT_WHEN_WRONG = 200


def decode(data: bytes, limit: int = wire.FRAME_LIMIT) -> list[Frame]:
    return list(FrameDecoder(limit).feed(data))


def framed(body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + body


def fault(data: bytes, limit: int = wire.FRAME_LIMIT) -> str:
    with pytest.raises(ProtocolError) as caught:
        decode(data, limit)
    return caught.value.reason


def collect(decoder: FrameDecoder, chunks: list[bytes]) -> tuple[list[Frame], str | None]:
    """All frames that come out, and the reason of the fault that ended them."""
    out: list[Frame] = []
    try:
        for chunk in chunks:
            for frame in decoder.feed(chunk):
                out.append(frame)
    except ProtocolError as error:
        return out, error.reason
    return out, None


@pytest.mark.parametrize("kind", sorted(FRAMES))
def test_every_kind_of_frame_comes_back_as_it_went(kind: int) -> None:
    @settings(max_examples=30, deadline=None)
    @given(FRAMES[kind])
    def round_trip(frame: Frame) -> None:
        data = FrameEncoder().encode(frame)
        assert data[:4] == (len(data) - 4).to_bytes(4, "big")
        assert decode(data) == [frame]

    round_trip()


@pytest.mark.parametrize("kind", sorted(FRAMES))
def test_every_frame_is_the_plain_messagepack_array_that_any_library_writes(kind: int) -> None:
    @settings(max_examples=30, deadline=None)
    @given(FRAMES[kind])
    def same_bytes(frame: Frame) -> None:
        body = FrameEncoder().body(frame)
        plain = msgpack.unpackb(body)
        assert plain[0] == kind
        assert msgpack.packb(plain) == body

    same_bytes()


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
        (b"\x91\x11", "unknown_kind"),
        (b"\x91\xff", "unknown_kind"),
        (b"\x91\xcf\xff\xff\xff\xff\xff\xff\xff\xff", "unknown_kind"),
    ],
)
def test_a_body_that_is_no_frame_is_refused_with_a_reason(body: bytes, reason: str) -> None:
    assert fault(framed(body)) == reason


@pytest.mark.parametrize(
    "plain",
    [
        [2, "reason"],
        [2, "reason", b"bytes"],
        [2, "r" * 65, ""],
        [2, "", "t" * 1025],
        [3, 0, []],
        [3, 0, [[0, 0, b""]] * (wire.BATCH_LIMIT + 1)],
        [3, 256, [[0, 0, b""]]],
        [3, -1, [[0, 0, b""]]],
        [3, True, [[0, 0, b""]]],
        [3, 0, [[0, 0]]],
        [3, 0, [[0, 0, b"", 0]]],
        [3, 0, [[0, 0, "text"]]],
        [3, 0, [[2**32, 0, b""]]],
        [3, 0, {0: 0}],
        [4, 0, [[0, 1, 0, 0, b""]]],
        [4, 0, [[1, -1, 0, 0, b""]]],
        [4, 0, [[1, 1.5, 0, 0, b""]]],
        [5, 0, [[0, 0, b""]]],
        [6, 1, 0, 0, "code"],
        [6, 1, 0, -1, "code", ""],
        [7, 0],
        [7, 2**32],
        [8, [[0, 1]]],
        [8, [[0, -1, 0]]],
        [8, []],
        [9, -1],
        [9, None],
        [10],
        [11, 0, {}],
        [11, 0, {"name": "x"}],
        [12, 0],
        [13, ["Not A Role"]],
        [13, ["a", "a"]],
        [14, "reason"],
        [15, 0, 0, b""],
        [15, 0, 0, bytes(wire.PART_SIZE + 1)],
        [15, 512, 0, b"x"],
        [0, []],
        [0, {}],
        [0, {1: 2}],
    ],
    ids=lambda plain: msgpack.packb(plain)[:12].hex(),
)
def test_a_frame_with_a_bad_field_says_so(plain: list[object]) -> None:
    assert fault(framed(msgpack.packb(plain))) == "bad_field"


@pytest.mark.parametrize("frame", [wire.Ping(1), wire.Welcome(), wire.Reject("no", "")])
def test_fields_that_a_later_version_appends_are_skipped(frame: Frame) -> None:
    plain = cast("list[object]", msgpack.unpackb(FrameEncoder().body(frame)))
    later = msgpack.packb([*plain, {"new": [1, 2]}, None])
    assert decode(framed(later)) == [frame]


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


SAMPLES: dict[str, Frame] = {
    "welcome": wire.Welcome(),
    "reject": wire.Reject("full", "no place"),
    "tell": wire.Tell(1, [(1, 2, b"one"), (2, 0, b"")]),
    "ask": wire.Ask(1, [(7, 5000, 1, 0, b"what")]),
    "reply": wire.Reply(1, [(7, 0, b"that")]),
    "error": wire.Error(7, 1, 0, "code", "text"),
    "cancel": wire.Cancel(7),
    "credit": wire.Credit([(0, 512, 70_000)]),
    "ping": wire.Ping(2**40),
    "pong": wire.Pong(1),
    "open": wire.Open(
        3,
        ChannelInfo(name="c", types=("T",), schema=bytes(16), messages=9, bytes=999, max_message=99, priority=5),
    ),
    "close": wire.Close(3, "stopped"),
    "update": wire.Update(("archive", "relay")),
    "goaway": wire.GoAway("bye", ""),
    "part": wire.Part(2, 70_000, b"part"),
    "probe": wire.ProbeFrame(0, 3, 77, ["bus://local/blocks"]),
}


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


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 511), u32, st.binary(min_size=1, max_size=wire.PART_SIZE))
def test_a_part_written_in_two_pieces_is_the_same_frame(lane: int, left: int, data: bytes) -> None:
    encoder = FrameEncoder()
    head, tail = encoder.encode_part(lane, left, memoryview(data))
    assert head + tail == encoder.encode(wire.Part(lane, left, data))


@pytest.mark.parametrize("size", [1, 255, 256, wire.PART_SIZE])
def test_parts_of_every_header_size_are_written_right(size: int) -> None:
    head, tail = FrameEncoder().encode_part(3, 70_000, memoryview(bytes(size)))
    (part,) = decode(head + tail)
    assert isinstance(part, wire.Part)
    assert (part.lane, part.left, part.data) == (3, 70_000, bytes(size))


ONE_LARGE: list[tuple[type[wire.Tell | wire.Ask | wire.Reply], tuple[int, ...]]] = [
    (wire.Tell, (3, 0)),
    (wire.Ask, (1, 5_000, 3, 300)),
    (wire.Reply, (70_000, 2)),
]


@pytest.mark.parametrize("size", [wire.PART_SIZE + 1, 65_535, 65_536, 200_000])
@pytest.mark.parametrize(("kind", "fields"), ONE_LARGE)
def test_a_large_message_is_written_beside_its_head_and_read_where_it_lies(
    kind: type[wire.Tell | wire.Ask | wire.Reply], fields: tuple[int, ...], size: int
) -> None:
    payload = bytes(range(256)) * (size // 256) + bytes(size % 256)
    frame = cast("Callable[..., wire.Tell]", kind)(7, [(*fields, payload)])
    body = FrameEncoder().head_of(frame) + payload
    assert body == FrameEncoder().body(frame)
    (read,) = decode(len(body).to_bytes(4, "big") + body)
    assert isinstance(read, wire.Tell | wire.Ask | wire.Reply)
    assert isinstance(read, kind)
    (item,) = read.items
    assert item == (*fields, payload)
    assert isinstance(cast("object", item[-1]), memoryview)


@pytest.mark.parametrize("sizes", [[wire.PART_SIZE], [20_000, 20_000]])
def test_small_messages_and_several_are_not_written_beside_their_head(sizes: list[int]) -> None:
    with pytest.raises(ValueError, match="not one large message"):
        FrameEncoder().head_of(wire.Tell(0, [(1, 0, bytes(size)) for size in sizes]))


@pytest.mark.parametrize("size", [0, wire.PART_SIZE + 1])
def test_a_part_without_data_or_with_too_much_is_not_written(size: int) -> None:
    with pytest.raises(ValueError, match="a part holds"):
        FrameEncoder().encode_part(0, 0, memoryview(bytes(size)))


@given(st.text(st.characters(), max_size=600), st.integers(0, 700))
def test_clipped_text_is_a_prefix_that_fits_and_can_be_sent(text: str, limit: int) -> None:
    clipped = wire.clip(text, limit)
    assert len(clipped.encode()) <= limit
    if text.isascii():
        assert clipped == text[:limit]
    assert decode(FrameEncoder().encode(wire.GoAway("why", wire.clip(text)))) != []


def test_text_that_utf8_cannot_hold_is_replaced() -> None:
    assert wire.clip("a\ud800b") == "a?b"


def test_a_body_is_read_from_a_bytearray_as_well() -> None:
    body = FrameEncoder().body(wire.Tell(0, [(0, 0, b"x")]))
    assert wire.decode_body(bytearray(body)) == wire.Tell(0, [(0, 0, b"x")])


def test_frames_are_values() -> None:
    with pytest.raises(AttributeError):
        wire.Ping(1).token = 2  # type: ignore[misc]  # frozen is what is tested
    assert msgspec.structs.asdict(wire.Ping(1)) == {"token": 1}
