"""A peer link on a bus of its own, with no stream: what it writes is there to be read."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import msgspec
from kept_writer import KeptWriter

from peerbus.actors import Bus, Channel
from peerbus.testing import VirtualLoop
from peerbus.transports.lanes import FIRST_TOKEN
from peerbus.transports.sending.link import PeerLink
from peerbus.transports.wire.codecs import Codecs
from peerbus.transports.wire.frame_decoder import FrameDecoder
from peerbus.transports.wire.frames import FRAME_LIMIT, Ping
from peerbus.transports.wire.hello import Hello
from peerbus.transports.wire.payload import ChannelCodec


@dataclass(frozen=True)
class Get:
    number: int
    padding: bytes = b""


FIRST, SECOND = (Channel(name, messages=(Get,), window=8) for name in ("first", "second"))
CHANNELS: dict[str, Channel[Any]] = {"first": FIRST, "second": SECOND}


def hello_of(node_id: str, window: int = 8) -> Hello:
    return Hello(
        node_id=node_id,
        network="test",
        name="node",
        incarnation=1,
        listen=(),
        offers=(),
        channels=tuple(
            msgspec.structs.replace(ChannelCodec(channel).info, messages=window) for channel in CHANNELS.values()
        ),
        agent="test",
        nonce=bytes(16),
    )


class Line:
    """A link on a bus of its own, and what it has written."""

    def __init__(self, window: int = 8) -> None:
        self.loop = VirtualLoop()
        self.bus = Bus("test")
        self.loop.run_until_complete(self.bus.__aenter__())
        self.writer = KeptWriter()
        self.codecs = Codecs(CHANNELS)
        self.link = self.made(window)
        self.decoder = FrameDecoder(FRAME_LIMIT)

    def made(self, window: int = 8) -> PeerLink:
        return PeerLink(self.bus, hello_of("a" * 64), hello_of("b" * 64, window), self.codecs, self.writer)

    def ask(self, channel: str, number: int, timeout: float, padding: int = 0) -> asyncio.Future[object]:
        deadline = self.loop.time() + timeout

        async def begin() -> asyncio.Future[object]:
            outcome = self.link.ask(channel, Get(number, bytes(padding)), sender=None, deadline=deadline, reply=object)
            return asyncio.ensure_future(_wait(outcome))

        return self.loop.run_until_complete(begin())

    def written(self) -> list[object]:
        """All that is to be written. The pacer's probes are answered, and left out."""
        frames: list[object] = []
        outbox = self.link.outbox
        while outbox:
            data = b"".join(map(bytes, outbox.fill(self.loop.time(), 1 << 16)))
            for frame in self.decoder.feed(data):
                if isinstance(frame, Ping) and frame.token >= FIRST_TOKEN:
                    outbox.pacer.heard(frame.token, self.loop.time())
                else:
                    frames.append(frame)
        return frames

    def settle(self, seconds: float = 0.0) -> None:
        self.loop.run_until_complete(asyncio.sleep(seconds))

    def close(self) -> None:
        self.link.lost("over")
        self.settle()
        self.loop.run_until_complete(self.bus.aclose())
        self.loop.close()


async def _wait(outcome: Any) -> object:
    return await outcome
