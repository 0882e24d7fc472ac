"""The handshake, both roles: it ends established, refused with a reason, or waits; never otherwise."""

from __future__ import annotations

import random
from collections.abc import Iterator

from fuzz.mutation import mutate_frames
from peerbus.actors.base import HandshakeFailed, ProtocolError
from peerbus.transports.wire.frame_decoder import FrameDecoder
from peerbus.transports.wire.frame_encoder import FrameEncoder
from peerbus.transports.wire.frames import HANDSHAKE_FRAME_LIMIT, GoAway, HelloFrame, Ping, Reject, Welcome
from peerbus.transports.wire.handshake import MAGIC, Handshake, HandshakeState, PeerHello
from peerbus.transports.wire.hello import Hello

ALICE, BOB = "a" * 64, "b" * 64
PREFACE = MAGIC + b"\0\1\0\1"


def hello_of(node_id: str) -> Hello:
    """A HELLO that is right."""
    return Hello(
        node_id=node_id,
        network="demo",
        name="node",
        incarnation=7,
        listen=("tcp://127.0.0.1:7000",),
        offers=("archive",),
        channels=(),
        agent="fuzz",
        nonce=bytes(16),
    )


def check(data: bytes) -> None:
    """The first byte: how the rest is cut, and whether the node under test says yes, no, or nothing."""
    head = data[0] if data else 0
    for dialer in (False, True):
        talk(data[1:], size=(head >> 2) + 1, answer=head & 3, dialer=dialer)


def talk(data: bytes, *, size: int, answer: int, dialer: bool) -> None:
    """Let the peer say `data` in pieces of `size` bytes."""
    handshake = Handshake(hello_of(BOB), dialer=dialer, expected_id=ALICE if dialer else None, authenticated_id=ALICE)
    handshake.start()
    accepted = False
    try:
        for at in range(0, len(data), size):
            for event in handshake.receive(data[at : at + size]):
                if not isinstance(event, PeerHello):
                    continue
                assert event.hello.node_id == ALICE
                assert event.hello.network == "demo"
                if answer == 0:
                    handshake.reject("full", "no")
                    return check_farewell(handshake)
                if answer < 3:
                    handshake.accept()
                    accepted = True
            if handshake.established:
                assert accepted
                assert len(handshake.leftover()) <= len(data)
                return None
    except (HandshakeFailed, ProtocolError) as error:
        assert error.reason
        if isinstance(error, HandshakeFailed) and error.by_peer:
            assert (error.reason + error.text).isprintable()
        return check_farewell(handshake)
    assert handshake.state not in (HandshakeState.FAILED, HandshakeState.ESTABLISHED)
    return None


def check_farewell(handshake: Handshake) -> None:
    """It says at most one thing, which a peer can read, and stays failed."""
    assert handshake.state is HandshakeState.FAILED
    said = list(FrameDecoder(HANDSHAKE_FRAME_LIMIT).feed(handshake.to_send()))
    assert len(said) <= 1
    assert all(isinstance(frame, Reject | GoAway) for frame in said)
    assert handshake.to_send() == b""
    try:
        handshake.receive(b"more")
    except (HandshakeFailed, ProtocolError):
        return
    raise AssertionError("a failed handshake went on")


def seeds() -> Iterator[tuple[str, bytes]]:
    """What an honest peer says, and the known ways to end it."""
    encode = FrameEncoder().encode
    hello = PREFACE + encode(HelloFrame(hello_of(ALICE)))
    endings = {
        "hello": b"",
        "welcome": encode(Welcome()),
        "welcome_and_more": encode(Welcome()) + encode(Ping(1)),
        "reject": encode(Reject("full", "no place")),
        "goaway": encode(Welcome()) + encode(GoAway("timeout", "")),
        "hello_twice": encode(HelloFrame(hello_of(ALICE))),
        "frame_too_early": encode(Ping(1)),
    }
    for answer in range(4):
        for name, ending in endings.items():
            yield f"{name}-{answer}", bytes([0xFC | answer]) + hello + ending
    yield "wrong_network", b"\xfd" + hello.replace(b"demo", b"omed")
    yield "self_dial", b"\xfd" + PREFACE + encode(HelloFrame(hello_of(BOB)))
    yield "version", b"\xfd" + MAGIC + b"\0\2\0\3"
    yield "magic", b"\xfdGET / HTTP/1.1\r\n"
    yield "bytewise", b"\x01" + hello + encode(Welcome())


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Change one frame after the preface."""
    return mutate_frames(data, random.Random(seed), head=1 + len(PREFACE))
