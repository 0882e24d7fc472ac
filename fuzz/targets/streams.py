"""ITEMS, END and GRANT of a peer: nothing but ProtocolError, never more than a window, no gap and no repeat.

Two streams are open: request 1 is this node's, with items both ways; request 2 is the peer's, the same.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator
from math import inf

from fuzz.mutation import mutate_frames
from peerbus.actors import Bus, Channel, Message, Reactor, Request, Stream, handles
from peerbus.actors.base import PeerbusError, ProtocolError
from peerbus.actors.streams import ItemBuffer, ItemWindow
from peerbus.testing import VirtualLoop
from peerbus.transports.receiving.receive_side import ReceiveSide
from peerbus.transports.sending.link import PeerLink
from peerbus.transports.wire import (
    FEATURES,
    FRAME_LIMIT,
    Ask,
    ChannelCodec,
    Codecs,
    EndFrame,
    FrameDecoder,
    FrameEncoder,
    GrantFrame,
    Hello,
    ItemsFrame,
    ZeroCopyItems,
    flags_of,
)

OURS, THEIRS = 1, 2
#: Small, so that a fuzzer reaches its end.
ITEMS, SIZE = 8, 64


class Echo(Message, Request[Stream[int]]):
    """Whoever asks it sends numbers along, and gets them back."""


class Echoes(Reactor):
    """Sends back what it gets."""

    channel = Channel("echoes", messages=(Echo,), max_message=SIZE)

    @handles(Echo)
    async def echo(self, _: Echo, numbers: AsyncIterator[int]) -> AsyncIterator[int]:
        """One for one."""
        async for number in numbers:
            yield number


class Unwritten:
    """A writer of a connection: what the outbox has is left there."""

    clear = False

    def schedule(self) -> None:
        """Nothing."""

    def write(self) -> None:
        """Nothing."""

    def write_frame(self, frame: bytes) -> None:
        """Nothing."""


def hello(node_id: str) -> Hello:
    """What a node says of itself."""
    return Hello(
        node_id=node_id,
        network="fuzz",
        name="node",
        incarnation=1,
        listen=(),
        offers=(),
        channels=(ChannelCodec(Echoes.channel).info,),
        agent="fuzz",
        nonce=bytes(16),
        features=FEATURES,
    )


class Scene:
    """Both halves of a connection, with a stream on each."""

    def __init__(self, loop: VirtualLoop, bus: Bus) -> None:
        self.loop = loop
        own, peer, codecs, writer = hello("a" * 64), hello("b" * 64), Codecs(bus.channels), Unwritten()
        self.link = PeerLink(bus, own, peer, codecs, writer)
        self.receive = ReceiveSide(bus, own, peer, codecs, self.link.outbox, writer)
        self.buffer = ItemBuffer(Echo(), loop, bus.wheel, ItemWindow(ITEMS, SIZE))
        end = loop.time() + 1_000
        self.asked, _, self.sink = self.link.stream(
            "echoes", Echo(), sender=None, deadline=inf, within=end, buffer=self.buffer, opened=True
        )
        self.link.outbox.fill(loop.time(), 1 << 16)
        codec = ChannelCodec(Echoes.channel)
        number = codec.numbers[Echo] | flags_of(ITEMS, SIZE, opened=True)
        self.receive.asked(Ask(0, [(THEIRS, 10_000, number, 0, codec.encode_fields(Echo()))]))
        self.receive.run_woken()
        self.turn()

    def turn(self) -> None:
        """Let handlers go on."""
        for _ in range(3):
            self.loop.call_soon(self.loop.stop)
            self.loop.run_forever()
        self.link.outbox.fill(self.loop.time(), 1 << 16)

    def take(self, frame: object) -> None:
        """One frame of the peer. Raises ProtocolError."""
        match frame:
            case ItemsFrame() | ZeroCopyItems():
                (self.link.streams if frame.lane % 2 else self.receive.streams).items(frame)
            case EndFrame():
                self.link.streams.ended(frame) if frame.lane % 2 else self.receive.streams.item_end(frame)
            case GrantFrame():
                (self.receive.streams if frame.lane % 2 else self.link.streams).granted(frame)

    def close(self) -> None:
        """The connection ends."""
        self.link.lost("over")
        self.receive.end()
        self.turn()


def check(data: bytes) -> None:
    """Frames, one after the other; what has no place in an open stream is a fault, and ends the connection."""
    loop, bus = VirtualLoop(), Bus("fuzz", reactors=[Echoes])
    loop.run_until_complete(bus.__aenter__())
    try:
        converse(Scene(loop, bus), data)
        account = bus.books.items("echoes").account
        assert account.pending == 0, account
    finally:
        loop.run_until_complete(bus.aclose())
        loop.close()


def converse(scene: Scene, data: bytes) -> None:
    """Take the frames, read what came, and end."""
    try:
        for frame in FrameDecoder(FRAME_LIMIT).feed(data):
            scene.take(frame)
            assert scene.buffer.untaken <= ITEMS
            scene.turn()
    except ProtocolError:
        pass
    finally:
        came, items = scene.buffer.window.received, []
        try:
            while scene.buffer.untaken:
                items.append(scene.loop.run_until_complete(scene.buffer.take(None)))
        except (PeerbusError, StopAsyncIteration):
            pass
        assert len(items) <= came
        assert all(isinstance(item, int) for item in items)
        scene.close()
        scene.buffer.close()
        scene.asked.cancel()


def seeds() -> Iterator[tuple[str, bytes]]:
    """An honest conversation of each, and what is none."""
    encode = FrameEncoder().encode

    def said(*frames: ItemsFrame | EndFrame | GrantFrame) -> bytes:
        return b"".join(map(encode, frames))

    number = [b"\x01"]
    yield "read", said(ItemsFrame(1, OURS, 0, number * 3), ItemsFrame(1, OURS, 0, number), EndFrame(1, OURS, 4, "", ""))
    yield "sent", said(GrantFrame(0, OURS, 5, 50), GrantFrame(0, OURS, 1, 1))
    yield (
        "echoed",
        said(ItemsFrame(0, THEIRS, 0, number * 5), GrantFrame(1, THEIRS, 4, 40), EndFrame(0, THEIRS, 5, "", "")),
    )
    yield "too_many", said(ItemsFrame(1, OURS, 0, number * (ITEMS + 1)))
    yield "a_gap", said(ItemsFrame(1, OURS, 0, number), EndFrame(1, OURS, 2, "", ""))
    yield "failed", said(ItemsFrame(1, OURS, 0, number), EndFrame(1, OURS, 1, "busy", "later"))
    yield "late", said(ItemsFrame(1, 9, 0, number), EndFrame(1, 9, 1, "", ""), GrantFrame(1, 9, 1, 1))
    yield "credit_overflow", said(GrantFrame(1, THEIRS, 2**31 - 1, 2**31 - 1), GrantFrame(1, THEIRS, 2**31 - 1, 1))


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Change one frame."""
    return mutate_frames(data, random.Random(seed), head=0)
