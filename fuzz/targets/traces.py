"""Traces behind the messages of a frame: whoever reads them takes and refuses the frames that everybody does."""

from __future__ import annotations

import random
from collections.abc import Iterator

import msgspec

from fuzz.mutation import mutate_frames
from peerbus.actors.base import ProtocolError
from peerbus.operate.tracing import MEMBERS, parent_of, state_of
from peerbus.transports.wire.frame_decoder import PLAIN, FrameDecoders, decode_body
from peerbus.transports.wire.frame_encoder import FrameEncoder
from peerbus.transports.wire.frames import BATCH_LIMIT, ArrivedFrame
from peerbus.transports.wire.traces import (
    TRACED_DECODERS,
    TRACES_LIMIT,
    TRACESTATE_LIMIT,
    TracedAsk,
    TracedTell,
    ZeroCopyTracedAsk,
    ZeroCopyTracedTell,
    encode_traces,
    read_traces,
)

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def verdict(data: bytes, decoders: FrameDecoders) -> tuple[ArrivedFrame | None, str]:
    """The frame, or the word that refuses it."""
    try:
        return decode_body(data, decoders), ""
    except ProtocolError as error:
        return None, error.reason


def check(data: bytes) -> None:
    """One body of a frame. The first four bytes, its length, are left out."""
    body = data[4:]
    plain, refused = verdict(body, PLAIN)
    traced, refused_too = verdict(body, TRACED_DECODERS)
    assert refused == refused_too
    if not isinstance(traced, TracedTell | TracedAsk | ZeroCopyTracedTell | ZeroCopyTracedAsk):
        assert plain == traced
        return
    assert plain is not None
    assert (plain.channel, plain.items) == (traced.channel, traced.items)  # type: ignore[union-attr]  # as the other
    for place, (parent, state) in read_traces(traced.traces).items():
        assert 0 <= place < BATCH_LIMIT
        assert len(state) <= TRACESTATE_LIMIT
        parent_of(parent)
        members = state_of(state)
        assert len(members) <= MEMBERS
        assert state_of(",".join(f"{key}={value}" for key, value in members)) == members


def seeds() -> Iterator[tuple[str, bytes]]:
    """Frames with traces, and one with something else in their place."""
    field = encode_traces({0: (PARENT, "vendor=1,a@b=c d"), 1: (PARENT, "")}, TRACES_LIMIT)
    assert field is not None
    encode = FrameEncoder().encode
    yield "tell", encode(TracedTell(0, [(1, 0, b"\xc0"), (1, 0, b"\xc0")], field))
    yield "ask", encode(TracedAsk(0, [(1, 500, 1, 0, b"\xc0")], field))
    yield "another", encode(TracedTell(0, [(1, 0, b"\xc0")], msgspec.Raw(msgspec.msgpack.encode({"a": [1.5]}))))


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Change one frame."""
    return mutate_frames(data, random.Random(seed))
