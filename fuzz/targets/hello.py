"""HELLO, OPEN and UPDATE: what is read is well formed, can be said again, and is harmless in a log."""

from __future__ import annotations

import random
from collections.abc import Iterator

import msgspec

from fuzz.mutation import mutate_packed
from peerbus.actors.base import HandshakeFailed, ProtocolError
from peerbus.actors.messages import Capability
from peerbus.transports.wire.frame_decoder import PLAIN, FrameDecoders, decode_body
from peerbus.transports.wire.frame_encoder import FrameEncoder
from peerbus.transports.wire.frames import HelloFrame, Open, Update
from peerbus.transports.wire.greeting_reader import GreetingReader
from peerbus.transports.wire.hello import MAX_CHANNELS, MESSAGE_LIMIT, ChannelInfo, Hello, check_offers
from peerbus.transports.wire.hello import check as check_hello

NODE = "a" * 64
REASONS = {"node_id", "self_dial", "network"}


def check(data: bytes) -> None:
    """A body as it may come before anybody is authenticated, read as in a handshake and as behind one."""
    check_frame(data, PLAIN)
    check_frame(data, GreetingReader().decoders)


def check_frame(data: bytes, decoders: FrameDecoders) -> None:
    """What is read can be said again by this version; but for the name of a network, which is read whole."""
    try:
        frame = decode_body(data, decoders)
    except ProtocolError as error:
        assert error.reason in {"bad_frame", "bad_field", "unknown_kind"}
        assert len(error.text.encode()) <= 1024
        return
    if isinstance(frame, HelloFrame):
        hello = msgspec.structs.replace(frame.hello, network=frame.hello.network[:64])
        assert decode_body(FrameEncoder().body(HelloFrame(hello))) == HelloFrame(hello)
    else:
        assert decode_body(FrameEncoder().body(frame)) == frame
    if isinstance(frame, HelloFrame):
        check_what_is_said(frame.hello)
    elif isinstance(frame, Open):
        check_channel(frame.channel)
    elif isinstance(frame, Update):
        check_capabilities(frame.offers)


def check_what_is_said(hello: Hello) -> None:
    """Every field is within its bounds, and whether the two may talk has an answer."""
    assert len(hello.node_id) == 64
    assert len(hello.nonce) == 16
    assert (hello.network + hello.name + hello.agent + "".join(hello.listen)).isprintable()
    assert len(hello.channels) <= MAX_CHANNELS
    for channel in hello.channels:
        check_channel(channel)
    check_capabilities(hello.offers)
    for authenticated, expected in ((None, None), (NODE, None), (None, NODE), (hello.node_id, hello.node_id)):
        try:
            check_hello(
                hello,
                network="demo",
                self_id="b" * 64,
                incarnation=1,
                authenticated_id=authenticated,
                expected_id=expected,
            )
        except HandshakeFailed as error:
            assert error.reason in REASONS


def check_channel(channel: ChannelInfo) -> None:
    """Its numbers can be windows and priorities."""
    assert channel.messages >= 1
    assert channel.bytes >= 1
    assert 1 <= channel.max_message <= MESSAGE_LIMIT
    assert 1 <= channel.priority <= 255
    assert (channel.name + "".join(channel.types)).isprintable()


def check_capabilities(offers: tuple[str, ...]) -> None:
    """Each is one, and no role stands there twice."""
    check_offers(offers)
    assert len({Capability.parse(offer).role for offer in offers}) == len(offers)


def seeds() -> Iterator[tuple[str, bytes]]:
    """A small and a full HELLO, a channel, roles."""
    channels = tuple(
        ChannelInfo(
            name=f"channel{number}",
            types=("Get", "Got"),
            schema=bytes(16),
            messages=1,
            bytes=2**32 - 1,
            max_message=MESSAGE_LIMIT,
            priority=255,
        )
        for number in range(3)
    )
    small = Hello(
        node_id=NODE,
        network="demo",
        name="a",
        incarnation=0,
        listen=(),
        offers=(),
        channels=(),
        agent="",
        nonce=bytes(16),
    )
    full = msgspec.structs.replace(
        small,
        incarnation=2**64 - 1,
        listen=("tcp://[::1]:7000", "unix:///run/bus"),
        offers=("archive{from=1000,to=2000}", "relay"),
        channels=channels,
        agent="peerbus/0.1",
    )
    body = FrameEncoder().body
    larger = msgspec.structs.asdict(full) | {
        "name": "n" * 65,
        "listen": full.listen * 5,
        "offers": [*full.offers, "Of another grammar", "relay{a=b}"],
        "channels": [msgspec.structs.asdict(each) | {"priority": 256, "schema": bytes(17)} for each in channels],
        "features": ["Later", "later", "later"],
        "clock": 2**60,
    }
    yield "small", body(HelloFrame(small))
    yield "larger", msgspec.msgpack.encode([0, larger])
    yield "larger_reject", msgspec.msgpack.encode([2, "w" * 65, "t" * 1025, [bytes(2049)] * 9])
    yield "full", body(HelloFrame(full))
    yield "open", body(Open(1, channels[0]))
    yield "update", body(Update(("archive{from=1000}", "relay")))


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Change one field."""
    return mutate_packed(data, random.Random(seed))
