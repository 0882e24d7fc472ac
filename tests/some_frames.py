"""Frames of every kind to try things with, and what reads them."""

from __future__ import annotations

from hypothesis import strategies as st

from peerbus.transports.wire import frames as wire
from peerbus.transports.wire.frame_decoder import FrameDecoder
from peerbus.transports.wire.frames import ArrivedFrame, Frame
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
    compress=st.sampled_from(["", "zlib", "zstd", "later"]),
    refused=st.integers(0, 255),
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
    6: st.builds(wire.Error, u32, indexes, u64, words, texts, st.integers(1, 2**32 - 1)),
    7: st.builds(wire.Cancel, rids),
    8: st.builds(wire.Credit, batches(st.tuples(indexes, u32, u32))),
    9: st.builds(wire.Ping, u64),
    10: st.builds(wire.Pong, u64),
    11: st.builds(wire.Open, indexes, channels),
    12: st.builds(wire.Close, indexes, words),
    13: st.builds(
        wire.Update,
        offers,
        st.binary(max_size=30),
        st.lists(st.tuples(indexes, st.integers(0, 255)), max_size=4).map(tuple),
    ),
    14: st.builds(wire.GoAway, words, texts, u32),
    15: st.builds(wire.Part, st.integers(0, 511), u32, st.binary(min_size=1, max_size=300)),
    17: st.builds(wire.Describe, st.lists(indexes, min_size=1, max_size=4)),
    18: st.builds(wire.DescriptionFrame, indexes, st.binary(max_size=300)),
    16: st.builds(wire.ProbeFrame, u32, indexes, u64, st.lists(st.text(max_size=160), min_size=1, max_size=4)),
    19: st.builds(wire.WindowFrame, indexes, st.integers(1, 2**32 - 1), st.integers(1, 2**32 - 1)),
    20: st.builds(
        wire.Compressed,
        st.integers(0, 511),
        st.integers(0, 1),
        st.integers(0, 2**24),
        st.binary(max_size=300),
        st.binary(max_size=9),
    ),
    21: st.builds(wire.ItemsFrame, st.integers(0, 511), rids, u32, st.lists(payloads, min_size=1, max_size=5)),
    22: st.builds(wire.EndFrame, st.integers(0, 511), rids, u64, words, texts),
    23: st.builds(wire.GrantFrame, st.integers(0, 511), rids, st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1)),
}
frames = st.one_of(*FRAMES.values())


SAMPLES: dict[str, Frame] = {
    "welcome": wire.Welcome(),
    "reject": wire.Reject("full", "no place"),
    "tell": wire.Tell(1, [(1, 2, b"one"), (2, 0, b"")]),
    "ask": wire.Ask(1, [(7, 5000, 1, 0, b"what")]),
    "reply": wire.Reply(1, [(7, 0, b"that")]),
    "error": wire.Error(7, 1, 0, "code", "text"),
    "error_of_many": wire.Error(0, 1, 70_000, "not_allowed", "text", 1000),
    "cancel": wire.Cancel(7),
    "credit": wire.Credit([(0, 512, 70_000)]),
    "ping": wire.Ping(2**40),
    "pong": wire.Pong(1),
    "open": wire.Open(
        3,
        ChannelInfo(name="c", types=("T",), schema=bytes(16), messages=9, bytes=999, max_message=99, priority=5),
    ),
    "close": wire.Close(3, "stopped"),
    "update": wire.Update(("archive", "relay"), b"signed", ((3, 1), (4, 3))),
    "goaway": wire.GoAway("bye", ""),
    "part": wire.Part(2, 70_000, b"part"),
    "describe": wire.Describe([3, 4]),
    "description": wire.DescriptionFrame(3, b"what it declares"),
    "probe": wire.ProbeFrame(0, 3, 77, ["bus://local/blocks"]),
    "window": wire.WindowFrame(3, 8192, 8 << 20),
    "compressed": wire.Compressed(2, 1, 70_000, b"less", b"filled up"),
    "items": wire.ItemsFrame(3, 7, 1, [b"one", b""]),
    "end": wire.EndFrame(3, 7, 2, "code", "text"),
    "grant": wire.GrantFrame(3, 7, 16, 4096),
}


def decode(data: bytes, limit: int = wire.FRAME_LIMIT) -> list[ArrivedFrame]:
    return list(FrameDecoder(limit).feed(data))


def framed(body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + body


def copied(frame: ArrivedFrame) -> Frame:
    """The frame as it is read where it is small."""
    match frame:
        case wire.ZeroCopyTell(channel, items):
            return wire.Tell(channel, [(number, source, bytes(data)) for number, source, data in items])
        case wire.ZeroCopyAsk(channel, items):
            return wire.Ask(channel, [(*fields, bytes(data)) for *fields, data in items])  # type: ignore[misc]  # four
        case wire.ZeroCopyReply(channel, items):
            return wire.Reply(channel, [(rid, number, bytes(data)) for rid, number, data in items])
        case wire.ZeroCopyItems(lane, rid, number, payloads):
            return wire.ItemsFrame(lane, rid, number, [bytes(data) for data in payloads])
        case wire.ZeroCopyPart(lane, left, data):
            return wire.Part(lane, left, bytes(data))
        case wire.ZeroCopyCompressed(lane, fresh, size, data, padding):
            return wire.Compressed(lane, fresh, size, bytes(data), bytes(padding))
        case _:
            return frame
