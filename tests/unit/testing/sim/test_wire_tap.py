"""What streams carry, in words: each frame with the names of its channel and messages, as the sender meant them."""

from __future__ import annotations

import asyncio

from peerbus.testing import FaultyNetwork
from peerbus.testing.sim.wire_tap import WireTap
from peerbus.transports import Endpoint
from peerbus.transports.streams.memory_stream import MemoryStream
from peerbus.transports.wire import MAGIC, ChannelInfo, Credit, Frame, FrameEncoder, Hello, HelloFrame, Open, Tell
from peerbus.transports.wire.frames import Ask, Cancel, Close, GoAway, Ping, ProbeFrame, Reject, Reply, Welcome

A, B = "a" * 64, "b" * 64
PREFACE = MAGIC + bytes(4)


def hello(name: str, *channels: ChannelInfo) -> HelloFrame:
    return HelloFrame(
        Hello(
            node_id=A if name == "alice" else B,
            network="test",
            name=name,
            incarnation=7,
            listen=(),
            offers=(),
            channels=channels,
            agent="test",
            nonce=bytes(16),
        )
    )


BLOCKS = ChannelInfo(
    name="blocks",
    types=("GetBlock", "Block"),
    schema=bytes(16),
    messages=8,
    bytes=1024,
    max_message=512,
    priority=5,
)


async def heard(*said: tuple[str, bytes | Frame]) -> list[str]:
    """What the tap says of a stream from alice to bob on which each says that, behind a preface of each."""
    network = FaultyNetwork(0)
    for node_id, name in ((A, "alice"), (B, "bob")):
        network.call(node_id, name)
    lines: list[str] = []
    network.tap = WireTap(network.name_of, lambda who, text: lines.append(f"{network.name_of(who)} {text}"))
    listener = await network.transport(B).listen(Endpoint("memory", path="bob"))
    dialed = await network.transport(A).dial(Endpoint("memory", path="bob"), expect=B, timeout=30)
    accepted = await listener.accept()
    streams = {"alice": dialed, "bob": accepted}
    encoders = {name: FrameEncoder() for name in streams}
    for name, stream in streams.items():
        assert isinstance(stream, MemoryStream)
        stream.write(PREFACE if name == "alice" else PREFACE[:3])
    accepted.write(PREFACE[3:])
    for name, what in said:
        streams[name].write(what if isinstance(what, bytes) else encoders[name].encode(what))
    await asyncio.sleep(0)
    dialed.abort()
    accepted.abort()
    await listener.aclose()
    return [line for line in lines if "dials" not in line]


async def test_frames_of_the_handshake_have_their_names() -> None:
    assert await heard(("alice", hello("alice")), ("bob", Welcome()), ("bob", Reject("full", "no slot"))) == [
        "alice → bob HELLO alice incarnation 7",
        "bob → alice WELCOME",
        "bob → alice REJECT full",
    ]


async def test_messages_are_named_as_the_receivers_channel_declares_them() -> None:
    lines = await heard(
        ("bob", hello("bob", BLOCKS)),
        ("alice", Tell(0, [(1, 0, b"123"), (1, 0, b"4"), (2, 0, b"")])),
        ("alice", Ask(0, [(9, 0, 1, 5000, b"12")])),
        ("bob", Reply(0, [(9, 2, b"1234")])),
        ("bob", Credit([(0, 2, 4)])),
    )
    assert lines[1:] == [
        "alice → bob TELL blocks: GetBlock ×2 4 B, Block ×1 0 B",
        "alice → bob ASK #9 blocks: GetBlock ×1 2 B",
        "bob → alice REPLY #9 blocks: Block ×1 4 B",
        "bob → alice CREDIT blocks 2/4 B",
    ]


async def test_a_channel_that_opens_later_is_known_from_then_on() -> None:
    lines = await heard(
        ("bob", hello("bob")),
        ("alice", Tell(0, [(1, 0, b"1")])),
        ("bob", Open(0, BLOCKS)),
        ("alice", Tell(0, [(1, 0, b"1")])),
        ("bob", Close(0, "stopped")),
    )
    assert lines[1:] == [
        "alice → bob TELL channel 0: value ×1 1 B",
        "bob → alice OPEN blocks",
        "alice → bob TELL blocks: GetBlock ×1 1 B",
        "bob → alice CLOSE blocks: stopped",
    ]


async def test_control_frames_say_what_they_are_about() -> None:
    frames = (Ping(3), Cancel(9), ProbeFrame(0, 0, 77, ["bus://local/a", "bus://local/b"]), GoAway("shutting_down", ""))
    assert await heard(*(("alice", frame) for frame in frames)) == [
        "alice → bob PING 3",
        "alice → bob CANCEL #9",
        "alice → bob PROBE of credit on channel 0, 2 wait",
        "alice → bob GOAWAY shutting_down",
    ]


async def test_what_is_no_frame_is_said_once() -> None:
    (line,) = await heard(("alice", b"\xff" * 40), ("alice", b"\xff" * 40))
    assert line.startswith("alice → bob what is no frame: ")
