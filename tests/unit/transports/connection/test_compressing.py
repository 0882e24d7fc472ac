"""Each side compresses what both have declared, and takes no frame that nothing was agreed for."""

from __future__ import annotations

import zlib

import msgspec
import pytest
from kept_writer import KeptWriter

from peerbus.actors import Bus, Channel, Message, ProtocolError
from peerbus.transports.compression import CompressionPool
from peerbus.transports.connection.compressing import Compressing
from peerbus.transports.receiving.receive_side import ReceiveSide
from peerbus.transports.sending.link import PeerLink
from peerbus.transports.wire import PLAIN, ArrivedFrame, Codecs, Compressed, FrameDecoder, FrameEncoder, Hello, Tell
from peerbus.transports.wire.frames import FRAME_LIMIT, Ping, Reply
from peerbus.transports.wire.payload import ChannelCodec


class Note(Message):
    text: str


#: Of which both sides say the same, which one says, and of which each says another word.
KNOWN = (
    *(Channel(name, messages=(Note,), compress="zlib") for name in ("both", "own", "other")),
    Channel("none", messages=(Note,)),
)
SAID = {"own": "", "other": "zstd", "none": "zlib"}
TEXT = "a note of some length, as notes go; " * 20


def hello_of(node_id: str, *, said: dict[str, str]) -> Hello:
    infos = (ChannelCodec(channel).info for channel in KNOWN)
    return Hello(
        node_id=node_id,
        network="test",
        name="node",
        incarnation=1,
        listen=(),
        offers=(),
        channels=tuple(msgspec.structs.replace(info, compress=said.get(info.name, info.compress)) for info in infos),
        agent="test",
        nonce=bytes(16),
    )


class Side:
    """One end of a connection: it runs all channels, as its peer does."""

    def __init__(self, bus: Bus) -> None:
        own, peer = hello_of("a" * 64, said={}), hello_of("b" * 64, said=SAID)
        codecs, writer = Codecs({channel.name: channel for channel in KNOWN}), KeptWriter()
        self.link = PeerLink(bus, own, peer, codecs, writer)
        self.receive = ReceiveSide(bus, own, peer, codecs, self.link.outbox, writer)
        self.pool = CompressionPool()
        self.compressing = Compressing(
            codecs, self.link.lanes, self.receive, self.link.outbox, writer, PLAIN, self.pool, bus.loop.time
        )
        self.taken: list[ArrivedFrame] = []
        self.grown = 0
        self.compressing.hand, self.compressing.grew = self.hand, self.grew

    def hand(self, frame: ArrivedFrame, size: int) -> None:
        assert size >= 500, "of the body, as it is now"
        self.taken.append(frame)

    def grew(self, size: int) -> None:
        self.grown += size

    def written(self) -> list[ArrivedFrame]:
        data = b"".join(self.link.outbox.fill(0.0, 1 << 20))
        return list(FrameDecoder(FRAME_LIMIT).feed(data))


def piece(lane: int, inner: ArrivedFrame) -> Compressed:
    """The first of a context."""
    body = FrameEncoder().body(inner)
    method = zlib.compressobj(4, zlib.DEFLATED, -15)
    return Compressed(lane, 1, len(body), method.compress(body) + method.flush(zlib.Z_SYNC_FLUSH))


async def test_what_both_declare_is_compressed_and_the_asker_says_that_it_reads_it() -> None:
    async with Bus() as bus:
        side = Side(bus)
        assert side.written() == [Compressed(0, 0, 0, b"")]
        for channel in KNOWN:
            await side.link.tell(channel.name, Note(TEXT), None, 1.0)
        kinds = [type(frame) for frame in side.written()]
        assert sorted(kind.__name__ for kind in kinds) == ["Compressed", "Tell", "Tell", "Tell"]
        assert side.pool.used > 0
        side.compressing.end()
        assert side.pool.used == 0


async def test_what_comes_is_handed_on_as_it_was_and_answers_follow_once_the_peer_reads_them() -> None:
    async with Bus() as bus:
        side = Side(bus)
        assert [lane.turn.squeezer is None for lane in side.receive.lanes] == [True] * 4
        side.compressing.took(Compressed(2, 0, 0, b""))
        assert [lane.turn.squeezer is None for lane in side.receive.lanes] == [True, False, True, True]
        assert side.compressing.held == 0
        told, answer = Tell(0, [(1, 0, b"x" * 500)]), Reply(0, [(1, 1, b"y" * 500)])
        side.compressing.took(piece(0, told))
        side.compressing.took(piece(1, answer))
        assert side.taken == [told, answer]
        contexts = side.compressing.held
        assert 900 < side.grown - contexts < 1100  # a context takes more than the few bytes that have made it
        assert 2 * (32 << 10) < side.compressing.held < 128 << 10


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (piece(3, Reply(1, [(1, 1, b"x" * 99)])), "unexpected_frame"),  # the peer says nothing of `own`
        (piece(6, Tell(3, [(1, 0, b"x" * 99)])), "unexpected_frame"),  # this side says nothing of `none`
        (piece(8, Tell(4, [(1, 0, b"x" * 99)])), "unexpected_frame"),
        (piece(0, Tell(1, [(1, 0, b"x" * 99)])), "part_mismatch"),
        (piece(0, Ping(7)), "part_mismatch"),
        (piece(0, piece(0, Tell(0, [(1, 0, b"x" * 99)]))), "part_mismatch"),
        (Compressed(0, 0, 5, b"hello"), "bad_compression"),
    ],
)
async def test_what_was_not_agreed_on_or_is_of_another_lane_is_refused(frame: Compressed, reason: str) -> None:
    async with Bus() as bus:
        side = Side(bus)
        with pytest.raises(ProtocolError) as refused:
            side.compressing.took(frame)
        assert refused.value.reason == reason
        assert side.taken == []


async def test_empty_ones_are_counted() -> None:
    async with Bus() as bus:
        side = Side(bus)
        with pytest.raises(ProtocolError, match="empty COMPRESSED"):
            _without_end(side)


def _without_end(side: Side) -> None:
    for _ in range(600):
        side.compressing.took(Compressed(0, 0, 0, b""))
