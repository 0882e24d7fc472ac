"""Frames as values and as MessagePack: every kind, with every bound in its type."""

from __future__ import annotations

from typing import cast

import msgpack
import msgspec
import pytest
from hypothesis import given, settings
from some_frames import FRAMES, decode, framed

from peerbus.actors.base.errors import ProtocolError
from peerbus.transports.wire import frames as wire
from peerbus.transports.wire.frame_encoder import FrameEncoder
from peerbus.transports.wire.frames import Frame


def fault(data: bytes, limit: int = wire.FRAME_LIMIT) -> str:
    with pytest.raises(ProtocolError) as caught:
        decode(data, limit)
    return caught.value.reason


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


@pytest.mark.parametrize("frame", [wire.Ping(1), wire.Welcome(), wire.Reject("no", "")])
def test_fields_that_a_later_version_appends_are_skipped(frame: Frame) -> None:
    plain = cast("list[object]", msgpack.unpackb(FrameEncoder().body(frame)))
    later = msgpack.packb([*plain, {"new": [1, 2]}, None])
    assert decode(framed(later)) == [frame]


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


def test_frames_are_values() -> None:
    with pytest.raises(AttributeError):
        wire.Ping(1).token = 2  # type: ignore[misc]  # frozen is what is tested
    assert msgspec.structs.asdict(wire.Ping(1)) == {"token": 1}
