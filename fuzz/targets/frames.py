"""The frame decoder and the reassembler: nothing but ProtocolError, whatever comes and however it is cut."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from fuzz.mutation import mutate_frames
from peerbus.actors.base import ProtocolError
from peerbus.transports.wire import frames as wire
from peerbus.transports.wire.frame_decoder import FrameDecoder
from peerbus.transports.wire.frame_encoder import FrameEncoder
from peerbus.transports.wire.frames import ArrivedFrame, HelloFrame, Part, ZeroCopyPart
from peerbus.transports.wire.hello import ChannelInfo, Hello
from peerbus.transports.wire.parts import Reassembler

#: Small, so that a fuzzer reaches what lies beyond it.
LIMIT = 64 * 1024
BUDGET = 100_000


def read(chunks: list[bytes]) -> tuple[list[ArrivedFrame], str | None]:
    """The frames that came out, and the reason of the fault that ended them."""
    decoder = FrameDecoder(LIMIT)
    frames: list[ArrivedFrame] = []
    try:
        for chunk in chunks:
            frames.extend(decoder.feed(chunk))
            assert decoder.buffered <= 4 + LIMIT + len(chunk)
    except ProtocolError as error:
        assert error.reason in {"bad_frame", "bad_field", "unknown_kind", "frame_too_large"}
        return frames, error.reason
    return frames, None


def check(data: bytes) -> None:
    """The first byte says where to cut the rest; the result must not depend on it."""
    cut = data[:1] or b"\0"
    data = data[1:]
    frames, fault = read([data])
    size = cut[0] + 1
    again, fault_again = read([data[at : at + size] for at in range(0, len(data), size)])
    assert fault == fault_again
    assert frames[: len(again)] == again
    assert fault is not None or len(frames) == len(again)
    encode = FrameEncoder().encode
    for frame in frames:
        assert read([encode(frame)]) == ([frame], None)
    put_together([frame for frame in frames if isinstance(frame, Part | ZeroCopyPart)])


def put_together(parts: Sequence[Part | ZeroCopyPart]) -> None:
    """Parts make a body or a ProtocolError, and never hold more than the budget."""
    reassembler = Reassembler(lambda lane: LIMIT, budget=BUDGET)
    try:
        for part in parts:
            reassembler.add(part)
            assert reassembler.pending <= BUDGET
    except ProtocolError:
        pass


def seeds() -> Iterator[tuple[str, bytes]]:
    """Every kind of frame, alone and all together; a body in parts."""
    channel = ChannelInfo(
        name="blocks",
        types=("GetBlock", "Block"),
        schema=bytes(range(16)),
        messages=1024,
        bytes=1 << 20,
        max_message=1 << 16,
        priority=5,
    )
    hello = Hello(
        node_id="a" * 64,
        network="demo",
        name="alice",
        incarnation=7,
        listen=("tcp://127.0.0.1:7000",),
        offers=("archive{from=1000}",),
        channels=(channel,),
        agent="peerbus",
        nonce=bytes(16),
    )
    frames: list[ArrivedFrame] = [
        HelloFrame(hello),
        wire.Welcome(),
        wire.Reject("full", "all slots are taken"),
        wire.Tell(0, [(1, 1, b"one"), (2, 0, b"two")]),
        wire.Ask(3, [(1, 5000, 1, 0, b"what")]),
        wire.Reply(3, [(1, 0, b"that")]),
        wire.Error(1, 3, 0, "no_such_reactor", "there is none"),
        wire.Cancel(9),
        wire.Credit([(0, 512, 1 << 19), (1, 1, 1)]),
        wire.Ping(2**64 - 1),
        wire.Pong(0),
        wire.Open(1, channel),
        wire.Close(1, "stopped"),
        wire.Update(("archive", "relay")),
        wire.GoAway("shutting_down", "", 5000),
        wire.Part(0, 0, b"part"),
        wire.Describe([0, 255]),
        wire.DescriptionFrame(3, b"what it declares"),
        wire.ItemsFrame(7, 1, 2, [b"one", b"two"]),
        wire.EndFrame(7, 1, 2, "", ""),
        wire.GrantFrame(7, 1, 256, 1 << 18),
        wire.ProbeFrame(0, 3, 77, ["bus://local/blocks", f"bus://{'a' * 64}/blocks"]),
    ]
    encode = FrameEncoder().encode
    for frame in frames:
        yield type(frame).__name__.lower(), b"\xff" + encode(frame)
    yield "all", b"\x06" + b"".join(map(encode, frames))
    body = FrameEncoder().body(wire.Tell(0, [(1, 0, bytes(200))]))
    pieces = [body[at : at + 80] for at in range(0, len(body), 80)]
    left = len(body)
    parts = b""
    for piece in pieces:
        left -= len(piece)
        parts += encode(wire.Part(0, left, piece))
    yield "in_parts", b"\xff" + parts


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Change one frame."""
    return mutate_frames(data, random.Random(seed), head=1)
