"""A frame as bytes, in one piece or with a large payload beside its head."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from some_frames import copied, decode, u32

from peerbus.transports.wire import frames as wire
from peerbus.transports.wire.frame_encoder import FrameEncoder


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 511), u32, st.binary(min_size=1, max_size=wire.PART_SIZE))
def test_a_part_written_in_two_pieces_is_the_same_frame(lane: int, left: int, data: bytes) -> None:
    encoder = FrameEncoder()
    head, tail = encoder.encode_part(lane, left, memoryview(data))
    assert head + tail == encoder.encode(wire.Part(lane, left, data))


@pytest.mark.parametrize("size", [1, 255, 256, wire.PART_SIZE])
def test_parts_of_every_header_size_are_written_right(size: int) -> None:
    head, tail = FrameEncoder().encode_part(3, 70_000, memoryview(bytes(size)))
    (part,) = map(copied, decode(head + tail))
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
    assert isinstance(read, wire.ZeroCopyTell | wire.ZeroCopyAsk | wire.ZeroCopyReply)
    assert read.__struct_config__.tag == kind.__struct_config__.tag
    (item,) = read.items
    assert item == (*fields, payload)
    assert isinstance(item[-1], memoryview)


@pytest.mark.parametrize("sizes", [[wire.PART_SIZE], [20_000, 20_000]])
def test_small_messages_and_several_are_not_written_beside_their_head(sizes: list[int]) -> None:
    with pytest.raises(ValueError, match="not one large message"):
        FrameEncoder().head_of(wire.Tell(0, [(1, 0, bytes(size)) for size in sizes]))


@pytest.mark.parametrize("size", [0, wire.PART_SIZE + 1])
def test_a_part_without_data_or_with_too_much_is_not_written(size: int) -> None:
    with pytest.raises(ValueError, match="a part holds"):
        FrameEncoder().encode_part(0, 0, memoryview(bytes(size)))
