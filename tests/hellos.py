"""What two sides say in a handshake, and what one of them may say wrong."""

from __future__ import annotations

import struct

import msgpack
import msgspec
from some_frames import copied

from peerbus.transports.wire.frame_decoder import FrameDecoder
from peerbus.transports.wire.frame_encoder import FrameEncoder
from peerbus.transports.wire.frames import HANDSHAKE_FRAME_LIMIT, Frame
from peerbus.transports.wire.handshake import (
    MAGIC,
    Handshake,
)
from peerbus.transports.wire.hello import ChannelInfo, Hello

ALICE, BOB, CAROL = "a" * 64, "b" * 64, "c" * 64
PREFACE = MAGIC + struct.pack(">HH", 1, 1)
encode = FrameEncoder().encode


def hello_of(node_id: str, network: str = "demo", channels: tuple[ChannelInfo, ...] = ()) -> Hello:
    return Hello(
        node_id=node_id,
        network=network,
        name="node",
        incarnation=7,
        listen=(),
        offers=("archive",),
        channels=channels,
        agent="test",
        nonce=bytes(16),
    )


def started(**options: str | None) -> Handshake:
    """Bob's accepting side, begun; the peer claims to be Alice."""
    handshake = Handshake(hello_of(BOB), dialer=False, authenticated_id=options.get("authenticated_id", ALICE))
    handshake.start()
    return handshake


def answer(handshake: Handshake) -> list[Frame]:
    return [*map(copied, FrameDecoder(HANDSHAKE_FRAME_LIMIT).feed(handshake.to_send()))]


def hello_map(**changes: object) -> bytes:
    fields = msgspec.to_builtins(hello_of(ALICE), builtin_types=(bytes,))
    body = msgpack.packb([0, {**fields, **changes}])
    return len(body).to_bytes(4, "big") + body


def framed(*fields: object) -> bytes:
    """A frame of these fields, right or not."""
    body = msgpack.packb(fields)
    assert isinstance(body, bytes)
    return len(body).to_bytes(4, "big") + body
